//! Logs: bytes to events. Decompress, clean (ANSI, CR), recognise the format, fold lines into
//! events, read their fields, tag their file.
