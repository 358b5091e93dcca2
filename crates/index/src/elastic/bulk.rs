//! Documents in batches, bounded in bytes. What the server has no room for is sent again, and only
//! that.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Outcome,
    client::{Ask, Client, is_busy, reason},
};
use crate::error::IndexErrorKind;

/// Bytes of documents in one request: servers are fastest between 5 and 15 MB.
pub(super) const BATCH_BYTES: usize = 6 << 20;
/// The status for a request that is too large, for the server or a proxy before it.
const TOO_LARGE: u16 = 413;
/// The status for a server that has no room at the moment.
const FULL: u16 = 429;

/// Documents on their way.
pub(super) struct Bulk {
    client: Arc<Client>,
    index: String,
    body: Vec<u8>,
    /// Where each document ends in `body`.
    ends: Vec<usize>,
}

/// A document that the server does not take.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// Its place in the batch.
    pub(super) at: usize,
    /// HTTP's status.
    pub(super) status: u16,
    /// The server's own words.
    pub(super) reason: String,
}

#[derive(Deserialize)]
struct Answer {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(alias = "index", alias = "create", alias = "delete")]
    done: Done,
}

#[derive(Deserialize)]
struct Done {
    #[serde(default)]
    status: u16,
    error: Option<Value>,
}

/// How many documents one request may have.
struct Share {
    /// As far as the server has room now,
    most: usize,
    /// and as far as it takes requests of that size at all.
    limit: usize,
}

impl Share {
    /// A request was taken.
    fn taken(&mut self) {
        self.most = self.most.saturating_mul(2).min(self.limit);
    }

    /// A request with so many was not. A server that is just starting says nothing of sizes.
    fn refused(&mut self, status: u16, documents: usize) {
        match status {
            TOO_LARGE => {
                self.limit = documents.div_ceil(2);
                self.most = self.limit;
            }
            FULL => self.most = documents.div_ceil(2),
            _ => {}
        }
    }
}

impl Bulk {
    pub(super) fn new(client: &Arc<Client>, index: &str) -> Bulk {
        Bulk { client: client.clone(), index: index.to_owned(), body: Vec::new(), ends: Vec::new() }
    }

    /// Adds a document, in the place of one with the same name.
    pub(super) fn index(
        &mut self,
        id: &str,
        write: impl FnOnce(&mut Vec<u8>) -> Outcome<()>,
    ) -> Outcome<()> {
        self.action(&json!({"index": {"_id": id}}))?;
        write(&mut self.body)?;
        self.end();
        Ok(())
    }

    /// Adds a document with more said of how (`if_seq_no` and the like).
    pub(super) fn act(&mut self, action: &Value, document: &impl serde::Serialize) -> Outcome<()> {
        self.action(action)?;
        serde_json::to_writer(&mut self.body, document)?;
        self.end();
        Ok(())
    }

    /// Removes a document.
    pub(super) fn delete(&mut self, index: &str, id: &str) -> Outcome<()> {
        self.action(&json!({"delete": {"_index": index, "_id": id}}))?;
        self.ends.push(self.body.len());
        Ok(())
    }

    fn action(&mut self, action: &Value) -> Outcome<()> {
        serde_json::to_writer(&mut self.body, action)?;
        self.body.push(b'\n');
        Ok(())
    }

    fn end(&mut self) {
        self.body.push(b'\n');
        self.ends.push(self.body.len());
    }

    /// Whether it is time to send.
    pub(super) fn is_full(&self) -> bool {
        self.body.len() >= BATCH_BYTES
    }

    /// Sends what is there, until each document is taken or refused for good. What the server has no
    /// room for as one request is sent in smaller ones.
    ///
    /// # Errors
    ///
    /// When the server can't be reached, or takes nothing at all for longer than a request may take.
    pub(super) fn send(&mut self) -> Outcome<Vec<Refusal>> {
        let mut left: Vec<usize> = (0..self.ends.len()).collect();
        let mut share = Share { most: left.len(), limit: left.len() };
        let mut refusals = Vec::new();
        let mut patience = self.client.patience();
        while !left.is_empty() {
            let rest = left.split_off(share.most.min(left.len()));
            let again = self.try_once(&left, &mut share, &mut refusals)?;
            if again.len() < left.len() {
                patience = self.client.patience();
            }
            if let Some(Refusal { status, reason, .. }) = again.first()
                && *status != TOO_LARGE
                && !patience.pause()
            {
                let (status, reason) = (*status, reason.clone());
                return Err(IndexErrorKind::Refused { status, reason });
            }
            left = again.iter().map(|one| one.at).chain(rest).collect();
        }
        self.body.clear();
        self.ends.clear();
        Ok(refusals)
    }

    /// Sends these; returns those that have to be sent again, which may be all.
    fn try_once(
        &self,
        places: &[usize],
        share: &mut Share,
        refusals: &mut Vec<Refusal>,
    ) -> Outcome<Vec<Refusal>> {
        let error = match self.once(places, refusals) {
            Ok(busy) => {
                share.taken();
                return Ok(busy);
            }
            Err(error) => error,
        };
        let IndexErrorKind::Refused { status, reason } = error else { return Err(error) };
        let refusal = |&at: &usize| Refusal { at, status, reason: reason.clone() };
        match (status, places) {
            (TOO_LARGE, [one]) => refusals.push(refusal(one)),
            _ if status == TOO_LARGE || is_busy(status) => {
                share.refused(status, places.len());
                return Ok(places.iter().map(refusal).collect());
            }
            _ => return Err(IndexErrorKind::Refused { status, reason }),
        }
        Ok(Vec::new())
    }

    /// Sends these; returns those that the server has no room for now.
    fn once(&self, places: &[usize], refusals: &mut Vec<Refusal>) -> Outcome<Vec<Refusal>> {
        let path = format!("{}/_bulk?filter_path=items.*.status,items.*.error", self.index);
        let answer: Answer = self.client.ask(Ask::lines(&path, self.part(places)).once())?;
        if answer.items.len() != places.len() {
            let told = format!("{} answers to {} documents", answer.items.len(), places.len());
            return Err(IndexErrorKind::Incomplete(told));
        }
        let mut busy = Vec::new();
        for (&at, Item { done: Done { status, error } }) in places.iter().zip(answer.items) {
            let Some(error) = error else { continue };
            let refusal = Refusal { at, status, reason: reason(&error) };
            match status {
                status if is_busy(status) => busy.push(refusal),
                _ => refusals.push(refusal),
            }
        }
        Ok(busy)
    }

    fn part(&self, places: &[usize]) -> Vec<u8> {
        if places.len() == self.ends.len() {
            return self.body.clone();
        }
        let one = |&at: &usize| {
            let start = if at == 0 { 0 } else { self.ends[at - 1] };
            &self.body[start..self.ends[at]]
        };
        places.iter().map(one).collect::<Vec<_>>().concat()
    }
}

/// The error that some documents were refused.
pub(super) fn refused(refusals: &[Refusal]) -> Outcome<()> {
    match refusals.first() {
        None => Ok(()),
        Some(first) => {
            Err(IndexErrorKind::Documents { count: refusals.len(), reason: first.reason.clone() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_grow_again_but_never_past_what_is_taken_at_all() {
        let mut share = Share { most: 100, limit: 100 };
        share.refused(503, 100);
        assert_eq!(share.most, 100, "a server that starts says nothing of sizes");
        share.refused(FULL, 100);
        share.refused(FULL, 50);
        assert_eq!(share.most, 25);
        (0..3).for_each(|_| share.taken());
        assert_eq!(share.most, 100);
        share.refused(TOO_LARGE, 100);
        share.taken();
        assert_eq!(share.most, 50);
    }
}
