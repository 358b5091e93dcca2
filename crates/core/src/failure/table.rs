//! The signals: what tools write when something went wrong.
//!
//! To add one, write a row. A row is, in this order:
//!
//! - its [`FailureKind`] and its [`FailureWeight`];
//! - the text by which it is found: as the tool writes it, in its own case, words at either end
//!   whole. The rarest of its words is looked for in every line of every log, so it should be rare
//!   where nothing is wrong: `undefined reference to`, not `error`. With `^` before it, the text
//!   counts only where a message may begin, which makes a frequent one bearable: `^error: ` leaves
//!   out `console.error: `;
//! - the pattern that the line must match, in the `regex` crate's syntax, without what the log's
//!   format puts before the text. What is told is the pattern's first group, else the whole match;
//! - how it is told, where a line does not do: see [`Tell`];
//! - `from`, the tool whose words these are; `hit`, a line that has it, and `miss`, one that nearly
//!   does. A test runs all of them.
//!
//! Of rows whose texts are the same, the first whose pattern matches is taken. A row `Silent` keeps a
//! line from being told by those behind it.

use super::{FailureKind, FailureWeight, Signal, Tell};

/// A row's examples.
#[cfg(test)]
pub(super) struct Case {
    pub(super) source: &'static str,
    pub(super) hit: &'static str,
    pub(super) miss: &'static str,
}

macro_rules! tell {
    () => {
        Tell::Line
    };
    ($tell:ident) => {
        Tell::$tell
    };
}

macro_rules! signals {
    ($($kind:ident $weight:ident $text:literal $pattern:literal $(=> $tell:ident)?
        from $source:literal hit $hit:literal miss $miss:literal;)*) => {
        /// All signals, in the order in which they are tried.
        pub(super) const SIGNALS: &[Signal] = &[$(Signal {
            kind: FailureKind::$kind,
            weight: FailureWeight::$weight,
            text: $text,
            pattern: $pattern,
            tell: tell!($($tell)?),
        }),*];

        /// Their examples, in the same order.
        #[cfg(test)]
        pub(super) const CASES: &[Case] =
            &[$(Case { source: $source, hit: $hit, miss: $miss }),*];
    };
}

signals! {
    // Ansible and Zuul. https://docs.ansible.com/ansible/latest/plugins/callback.html (`default`)
    Task Silent "^TASK [" r"^TASK \[(.+)\]" => Task
        from "Ansible" hit "TASK [Install packages] ****" miss "TASK [";
    Task Cause "FAILED! => " r"\[([^\]]+)\]: FAILED! => (.*)" => Ansible
        from "Ansible" hit r#"fatal: [node]: FAILED! => {"changed": false, "msg": "no such package"}"#
        miss "FAILED! => nothing";
    Task Cause "UNREACHABLE! => " r"\[([^\]]+)\]: UNREACHABLE! => (.*)" => Ansible
        from "Ansible" hit r#"fatal: [node]: UNREACHABLE! => {"msg": "Failed to connect", "unreachable": true}"#
        miss "UNREACHABLE! => x";
    Task Cause "^failed: [" r"^failed: \[([^\]]+)\].* => (\{.*)" => Ansible
        from "Ansible, an item of a loop" hit r#"failed: [node] (item=a) => {"msg": "not found"}"#
        miss "failed: [node]";
    Task Cause "^ERROR! " r"^ERROR! \S.*"
        from "ansible-playbook" hit "ERROR! couldn't resolve module/action 'x'" miss "ERROR!  ";
    // zuul/ansible/base/callback/zuul_stream.py
    Task Cause "| ERROR" r"(?:^|\| )ERROR$" => Result
        from "Zuul's console" hit "| ERROR" miss "| ERROR:";
    Timeout Cause "RESULT_TIMED_OUT" r"\S*RUN END RESULT_TIMED_OUT\b.*"
        from "Zuul's executor" hit "RUN END RESULT_TIMED_OUT: [untrusted : x/y.yaml@master]"
        miss "RESULT_TIMED_OUT = 2";
    Error Cause "RESULT_UNREACHABLE" r"\S*RUN END RESULT_UNREACHABLE\b.*"
        from "Zuul's executor" hit "PRE-RUN END RESULT_UNREACHABLE: [trusted : x/y.yaml@master]"
        miss "RESULT_UNREACHABLE";
    Error Cause "RESULT_DISK_FULL" r"\S*RUN END RESULT_DISK_FULL\b.*"
        from "Zuul's executor" hit "RUN END RESULT_DISK_FULL: [untrusted : x/y.yaml@master]"
        miss "RESULT_DISK_FULL";

    // Tests. Python: pytest (short test summary), unittest, stestr, tox.
    Test Cause "^FAILED " r"^FAILED (?:\[[^\]]*\] )?\S+(?:::|\.py\b).*"
        from "pytest" hit "FAILED tests/test_a.py::test_x - assert 1 == 2" miss "FAILED to start";
    Test Cause "ERROR collecting" r"ERROR collecting \S+"
        from "pytest" hit "_____________ ERROR collecting tests/test_a.py _____________" miss "ERROR collecting";
    Test Cause "ERROR at setup of" r"ERROR at setup of \w+"
        from "pytest" hit "_____________ ERROR at setup of test_x _____________" miss "ERROR at setup of";
    Test Likely "AssertionError" r"^E +(AssertionError.*)"
        from "pytest" hit "E       AssertionError: one is not two" miss "AssertionError in a sentence";
    Exception Cause "ModuleNotFoundError" r"^E +(ModuleNotFoundError: .*)"
        from "pytest" hit "E   ModuleNotFoundError: No module named 'x'" miss "ModuleNotFoundError is raised";
    Test Cause "^FAIL: " r"^FAIL: \S.*"
        from "unittest, Automake, Bazel" hit "FAIL: test_x (tests.test_a.TestA)" miss "FAIL: ";
    Test Cause "^ERROR: " r"^ERROR: \w+ \([\w.]+\)"
        from "unittest" hit "ERROR: test_x (tests.test_a.TestA)" miss "ERROR: one (of 3)";
    Test Cause "... FAILED" r"^(?:\{\d+\} )?(\S+) \[[\d.]+s\] \.\.\. FAILED"
        from "stestr" hit "{0} tests.test_a.TestA.test_x [0.012345s] ... FAILED"
        miss "{0} tests.test_a.TestA.test_x ... FAILED";
    Test Vague "commands failed" r"\w+: commands failed"
        from "tox" hit "ERROR:   py39: commands failed" miss "if commands failed";
    Test Vague ": FAIL code" r"^  \S+: FAIL code \d+.*"
        from "tox 4" hit "  py39: FAIL code 1 (2.1=setup[1.0]+cmd[1.1] seconds)" miss ": FAIL code";

    // Go, https://pkg.go.dev/testing, and Ginkgo.
    Test Cause "--- FAIL: " r"--- FAIL: \S.*"
        from "go test" hit "    --- FAIL: TestX/sub (0.00s)" miss "--- FAIL: ";
    Test Cause "=== FAIL: " r"=== FAIL: \S.*"
        from "gotestsum" hit "=== FAIL: pkg/a TestX (0.00s)" miss "=== FAIL: ";
    Test Likely "panic: test timed out" r"panic: test timed out after .*"
        from "go test" hit "panic: test timed out after 10m0s" miss "a panic: test timed out";
    Test Cause "[FAILED]" r"^\s*(?:• )?\[FAILED\] \S.*"
        from "Ginkgo 2" hit "[FAILED] Timed out after 60.001s." miss "x [FAILED]";
    Test Cause "[FAIL]" r"^\s*\[FAIL\] \S.*"
        from "Ginkgo" hit "[FAIL] [sig-node] Pods should start" miss "x [FAIL]";

    // Rust: libtest, cargo-nextest.
    Panic Cause "panicked at" r"thread '.*' (?:\(\d+\) )?panicked at .*" => Panic
        from "Rust's standard library" hit "thread 'main' panicked at src/main.rs:2:5:"
        miss "it panicked at once";
    Test Cause "... FAILED" r"^test (.+) \.\.\. FAILED$"
        from "libtest" hit "test tests::it_works ... FAILED" miss "test tests::it_works ... ok";
    Test Cause "FAIL [" r"^\s*(?:TRY \d+ )?FAIL \[\s*[\d.]+s\] .+"
        from "cargo-nextest" hit "        FAIL [   0.012s] my-crate tests::x" miss "FAIL [x]";
    Timeout Cause "TIMEOUT [" r"^\s*(?:TRY \d+ )?TIMEOUT \[\s*[\d.]+s\] .+"
        from "cargo-nextest" hit "     TIMEOUT [  60.012s] my-crate tests::x" miss "TIMEOUT [x]";
    Crash Cause "SIGSEGV [" r"^\s*(?:TRY \d+ )?SIGSEGV \[\s*[\d.]+s\] .+"
        from "cargo-nextest" hit "     SIGSEGV [   0.012s] my-crate tests::x" miss "SIGSEGV [x]";
    Crash Cause "SIGABRT [" r"^\s*(?:TRY \d+ )?SIGABRT \[\s*[\d.]+s\] .+"
        from "cargo-nextest" hit "     SIGABRT [   0.012s] my-crate tests::x" miss "SIGABRT [x]";

    // JavaScript: Jest, Vitest, Mocha (TAP), ESLint, Prettier.
    Test Cause "^FAIL " r"^\s*FAIL\s+\S+\.[cm]?[jt]sx?\b.*"
        from "Jest, Vitest" hit " FAIL  src/a.test.ts > adds" miss "FAIL a.py";
    Test Cause "expect(received)" r"\bexpect\(received\)\.\S.*"
        from "Jest" hit "    expect(received).toBe(expected) // Object.is equality" miss "expect(received)";
    Test Cause "AssertionError [ERR_ASSERTION]" r"AssertionError \[ERR_ASSERTION\]: .+"
        from "Node.js" hit "AssertionError [ERR_ASSERTION]: 1 == 2" miss "AssertionError [ERR_ASSERTION]";
    Compile Likely "problems" r"✖ \d+ problems? \([1-9]\d* errors?.*"
        from "ESLint" hit "✖ 3 problems (3 errors, 0 warnings)" miss "✖ 3 problems (0 errors, 3 warnings)";
    Compile Likely "Code style issues" r"Code style issues .*found.*"
        from "Prettier" hit "[warn] Code style issues found in 2 files." miss "Code style issues";

    // The JVM: JUnit, Surefire, Gradle.
    Test Cause "<<< FAILURE!" r"\S.*<<< FAILURE!"
        from "Maven Surefire" hit "testX(a.FooTest)  Time elapsed: 0.1 sec  <<< FAILURE!" miss "<<< FAILURE!";
    Test Cause "<<< ERROR!" r"\S.*<<< ERROR!"
        from "Maven Surefire" hit "testX(a.FooTest)  Time elapsed: 0.1 sec  <<< ERROR!" miss "<<< ERROR!";
    Compile Cause "[ERROR] " r"\[ERROR\] (\S+:\[\d+,\d+\] .+)"
        from "Maven's compiler plugin" hit "[ERROR] /a/Foo.java:[12,8] cannot find symbol" miss "[ERROR] /a/Foo.java";
    Test Cause "[ERROR] " r"\[ERROR\] +((?:\w+\.)*\w+:\d+ .+)"
        from "Maven Surefire" hit "[ERROR]   FooTest.testX:42 expected:<1> but was:<2>" miss "[ERROR] at 12:30 we left";
    Exit Silent "[ERROR] " r"\[ERROR\] *(?:|-> .*|Re-run Maven.*|To see the full.*|For more info.*|After correcting.*|  mvn .*|Failures:.*|Errors:.*|Please refer.*|There are test failures.*|\[Help.*)$"
        from "Maven" hit "[ERROR] Re-run Maven using the -X switch to enable full debug logging." miss "[ERROR] x";
    Error Likely "[ERROR] " r"\[ERROR\] (Failed to execute goal .+)"
        from "Maven" hit "[ERROR] Failed to execute goal org.apache:x (default) on project a: it broke"
        miss "[ERROR] Failed to execute";
    Test Cause "() FAILED" r"^(\S+(?: > .+)+) FAILED$"
        from "Gradle" hit "FooTest > testX() FAILED" miss "testX() FAILED";
    Error Likely "Execution failed for task" r"Execution failed for task '.+"
        from "Gradle" hit "Execution failed for task ':app:compileJava'." miss "Execution failed for task";
    Compile Cause "[error]" r"^\[error\] (\S+:\d+(?::\d+)?: .+)"
        from "sbt" hit "[error] /a/B.scala:3:5: not found: value x" miss "[error] x";
    Exception Cause "Exception in thread" r#"Exception in thread ".*" [\w.$]+.*"#
        from "Java" hit r#"Exception in thread "main" java.lang.IllegalStateException: no"# miss "Exception in thread main";
    Exception Likely "^Caused by: " r"^Caused by: [\w.$]+(?:Exception|Error)\b.*"
        from "Java" hit "Caused by: java.io.IOException: closed" miss "Caused by: a cat";
    Test Cause "AssertionFailedError" r"\b[\w.]*AssertionFailedError: .+"
        from "JUnit 5" hit "    org.opentest4j.AssertionFailedError: expected: <1> but was: <2>" miss "AssertionFailedError";
    Test Cause "java.lang.AssertionError" r"java\.lang\.AssertionError: .+"
        from "JUnit 4" hit "java.lang.AssertionError: expected:<1> but was:<2>" miss "java.lang.AssertionError";
    Test Cause "ComparisonFailure" r"[\w.]*ComparisonFailure: .+"
        from "JUnit 4" hit "org.junit.ComparisonFailure: expected:<[a]> but was:<[b]>" miss "ComparisonFailure";

    // C and C++: GoogleTest, Catch2, CTest, Qt Test, Boost.
    Test Silent "[  FAILED  ]" r"^\[  FAILED  \] \d+ tests?\b.*"
        from "GoogleTest" hit "[  FAILED  ] 2 tests, listed below:" miss "[  FAILED  ] A.B";
    Test Cause "[  FAILED  ]" r"\[  FAILED  \] [^\s(]+(?: / \w+)?"
        from "GoogleTest" hit "[  FAILED  ] Suite.Name (3 ms)" miss "[  FAILED  ]";
    Test Cause ": Failure" r"\S+:\d+: Failure$"
        from "GoogleTest" hit "a_test.cc:12: Failure" miss "Error: Failure";
    Test Cause ": FAILED:" r"\S+:\d+: FAILED:$"
        from "Catch2" hit "a_test.cpp:12: FAILED:" miss "12: FAILED:";
    Test Cause "***Failed" r"Test +#\d+: (\S+ \.+\*\*\*Failed.*)"
        from "CTest" hit "1/2 Test #1: unit ........***Failed    0.01 sec" miss "***Failed";
    Crash Cause "***Exception" r"Test +#\d+: (\S+ \.+\*\*\*Exception.*)"
        from "CTest" hit "1/2 Test #1: unit ........***Exception: SegFault  0.01 sec" miss "***Exception";
    Timeout Cause "***Timeout" r"Test +#\d+: (\S+ \.+\*\*\*Timeout.*)"
        from "CTest" hit "1/2 Test #1: unit ........***Timeout  60.01 sec" miss "***Timeout";
    Test Cause "FAIL!  : " r"FAIL!  : .+"
        from "Qt Test" hit "FAIL!  : TestA::x() Compared values are not the same" miss "FAIL!  : ";

    // Mozilla's harnesses, https://firefox-source-docs.mozilla.org/testing/
    Test Silent "TEST-UNEXPECTED-" r"TEST-UNEXPECTED-\S+ \| SimpleTest \| this test already called finish!"
        from "Mochitest" hit "TEST-UNEXPECTED-FAIL | SimpleTest | this test already called finish!" miss "TEST-UNEXPECTED-FAIL | a";
    Test Cause "TEST-UNEXPECTED-" r"TEST-UNEXPECTED-[A-Z]+ \| .+"
        from "Mozilla's harnesses" hit "REFTEST TEST-UNEXPECTED-FAIL | a.html == b.html | image comparison"
        miss "grep TEST-UNEXPECTED-FAIL";
    Crash Cause "PROCESS-CRASH" r"PROCESS-CRASH \| .+"
        from "mozcrash" hit "PROCESS-CRASH | application crashed [@ libc.so + 0x1] | a.js" miss "PROCESS-CRASH";
    Timeout Cause "application timed out after" r"\S.* application timed out after .*"
        from "Mozilla's harnesses" hit "a.html | application timed out after 370 seconds with no output"
        miss "application timed out after";
    Error Likely "Automation Error" r"Automation Error: .+"
        from "Mozilla's harnesses" hit "Automation Error: Exception caught while running tests" miss "Automation Error";
    Error Vague "did not run successfully" r"'.*' did not run successfully.*"
        from "mozharness" hit "'mach build -v' did not run successfully. Please check log for errors."
        miss "it did not run successfully";
    Error Vague "TBPL FAILURE" r"# TBPL FAILURE #"
        from "mozharness" hit "# TBPL FAILURE #" miss "TBPL FAILURE or SUCCESS";
    Crash Cause "Assertion failure: " r"Assertion failure: .+"
        from "SpiderMonkey and Gecko" hit "Assertion failure: !isStackAddress, at gl.cpp:12" miss "Assertion failure: ";

    // Other languages.
    Test Cause "Failed asserting that" r"Failed asserting that .+"
        from "PHPUnit" hit "Failed asserting that 1 is identical to 2." miss "Failed asserting that";
    Test Cause "Failure/Error: " r"Failure/Error: .+"
        from "RSpec" hit "     Failure/Error: expect(a).to eq 1" miss "Failure/Error: ";
    Test Cause "Failed test" r"^#\s+Failed test\b.*"
        from "Perl's Test::More" hit "#   Failed test 'the answer'" miss "a Failed test";
    Test Cause "  Failed" r"^\s+Failed \S+ \[(?:< )?\d+ m?s\]"
        from "dotnet test" hit "  Failed A.B.TestX [12 ms]" miss "  Failed to load";
    Test Cause "Test Case" r"Test Case '.+' failed .*"
        from "XCTest" hit "Test Case '-[A.B testX]' failed (0.012 seconds)." miss "Test Case '-[A.B testX]' passed";
    Test Cause "| FAIL |" r"^\S.*\| FAIL \|"
        from "Robot Framework" hit "Login Works                       | FAIL |" miss "| FAIL |";
    Test Cause "TFAIL" r"\bTFAIL\b ?: .+"
        from "Linux Test Project" hit "open01.c:52: TFAIL: sticky bit is cleared" miss "TFAIL";
    Test Likely "..Failed" r"^(.+?)\.{3,}Failed$"
        from "pre-commit" hit "trim trailing whitespace.................................................Failed"
        miss "...Failed to";
    Compile Likely "^would reformat " r"^would reformat .+"
        from "Black, Ruff" hit "would reformat a.py" miss "would reformat ";

    // Compilers and linkers. GNU: https://www.gnu.org/prep/standards/html_node/Errors.html
    Link Vague ": error:" r"\b(?:collect2|clang\S*): (?:fatal )?error: (?:ld returned|linker command failed).*"
        from "GCC, Clang" hit "collect2: error: ld returned 1 exit status" miss "collect2: error: x";
    Link Cause ": error:" r"\b(?:\S*ld(?:\.\w+)?|lld-link|collect2): (?:fatal )?error: .+"
        from "GNU ld, LLD" hit "lld-link: error: undefined symbol: VariantToInt64" miss "world: errors: x";
    Compile Cause ": error:" r"[^\s:]\S*:\d+(?::\d+)?: error:.*"
        from "GCC, Clang, javac, mypy, GHC" hit "src/a.c:3:5: error: expected ';' before 'return'" miss "a.c: error: x";
    Compile Vague ": error:" r"\w\S*: error: .*(?:returned exit status|exited with|failed with exit).*"
        from "dpkg-buildpackage" hit "dpkg-buildpackage: error: debian/rules build subprocess returned exit status 2"
        miss "dpkg-source: error: unrepresentable changes to source";
    Error Vague ": error:" r"^\w\S*: error: .+"
        from "GNU's tools" hit "dpkg-source: error: unrepresentable changes to source" miss "the name: error: x";
    Compile Cause "fatal error:" r"\S+: fatal error: .+"
        from "GCC, Clang" hit "a.c:1:10: fatal error: zlib.h: No such file or directory" miss "fatal error: x";
    Compile Cause "internal compiler error" r"\S+: internal compiler error: .+"
        from "GCC" hit "a.c:3:1: internal compiler error: Segmentation fault" miss "internal compiler error";
    Link Vague "fatal error" r"\bLINK : fatal error LNK\d+: .+"
        from "MSVC" hit "LINK : fatal error LNK1120: 1 unresolved externals" miss "fatal error LNK";
    Compile Cause "fatal error" r"\S+\(\d+(?:,\d+)?\) ?: fatal error [A-Z]+\d+: .+"
        from "MSVC" hit "a.cpp(1): fatal error C1083: Cannot open include file" miss "fatal error C1083";
    Compile Cause ": error " r"\S+\(\d+(?:,\d+)?\) ?: error [A-Z]+\d+: .+"
        from "TypeScript, MSVC, C#" hit "src/a.ts(1,2): error TS2322: Type 'a' is not assignable to type 'b'."
        miss "src/a.ts: error TS2322";
    Compile Cause "- error" r"\S+:\d+:\d+ - error TS\d+: .+"
        from "TypeScript" hit "src/a.ts:1:2 - error TS2322: Type 'a' is not assignable to type 'b'."
        miss "- error TS2322";
    Link Cause ": error " r"\S+ : error LNK\d+: .+"
        from "MSVC" hit "a.obj : error LNK2019: unresolved external symbol f" miss "a : error L2";
    Error Likely ": error " r"\S+ ?: error (?:MSB|NU)\d+: .+"
        from "MSBuild, NuGet" hit "a.csproj : error NU1101: Unable to find package x" miss ": error X1";
    Compile Cause "^error[" r"(?:^|\s)(error\[E\d{4}\]: .+)"
        from "rustc" hit "error[E0308]: mismatched types" miss "error[0]: x";
    Link Cause "undefined reference to" r"(?:\S+: )?undefined reference to .+"
        from "GNU ld" hit "a.c:(.text+0x5): undefined reference to `f'" miss "undefined reference to";
    Link Cause "^Undefined symbols for architecture" r"Undefined symbols for architecture .+"
        from "Apple's ld" hit "Undefined symbols for architecture arm64:" miss "Undefined symbols for architecture";
    Link Cause "multiple definition of" r"(?:\S+: )?multiple definition of .+"
        from "GNU ld" hit "b.o: multiple definition of `f'; a.o: first defined here" miss "multiple definition of";
    Compile Cause ": undefined: " r"\S+\.go:\d+:\d+: undefined: .+"
        from "Go" hit "./a.go:12:3: undefined: x" miss "a: undefined: x";
    Compile Cause "declared and not used" r"\S+\.go:\d+:\d+: .*declared and not used.*"
        from "Go" hit "./a.go:12:3: declared and not used: x" miss "x declared and not used";
    Compile Cause "imported and not used" r#"\S+\.go:\d+:\d+: .*imported and not used.*"#
        from "Go" hit r#"./a.go:3:2: "os" imported and not used"# miss "imported and not used";
    Compile Cause "cannot use" r"\S+\.go:\d+:\d+: cannot use .+"
        from "Go" hit "./a.go:9:6: cannot use x (variable of type int) as string value in argument to f" miss "we cannot use x";
    Compile Cause "no required module provides" r"\S.*no required module provides package .+"
        from "Go" hit "a.go:4:2: no required module provides package example.org/x; to add it:" miss "no required module provides";
    Compile Cause "entry for module providing package" r"\S.*missing go\.sum entry.*"
        from "Go" hit "a.go:4:2: missing go.sum entry for module providing package x" miss "entry for module providing package";
    Compile Cause "CMake Error" r"CMake Error(?: at \S+:\d+ .*|: .+)"
        from "CMake" hit "CMake Error at CMakeLists.txt:4 (find_package):" miss "CMake Errors";
    Compile Cause ": ERROR: " r"meson\.build:\d+:\d+: ERROR: .+"
        from "Meson" hit "meson.build:3:0: ERROR: Dependency \"x\" not found" miss "a: ERROR: x";
    Compile Cause "No rule to make target" r"No rule to make target .+"
        from "GNU make" hit "make: *** No rule to make target 'a', needed by 'b'.  Stop." miss "No rule to make target";
    Exit Boilerplate "] Error " r"\bg?make(?:\[\d+\])?: \*\*\* \[.+\] Error \d+"
        from "GNU make" hit "make[1]: *** [Makefile:3: all] Error 2" miss "make: *** [x] skipped";
    Compile Vague "FAILED: " r"^FAILED: (?:\[code=\d+\] )?\S.*"
        from "Ninja" hit "FAILED: obj/a.o" miss "it FAILED: x";
    Compile Vague "BUILD FAILED" r"BUILD FAILED\b.*"
        from "Gradle, Ant, Xcode" hit "** BUILD FAILED **" miss "a BUILD FAILEDX";
    Test Vague "FAILED in" r"^(?://\S+) +(?:\(.*\) )?FAILED in .*"
        from "Bazel" hit "//a:b_test                                  FAILED in 1.2s" miss "a FAILED in b";

    // Exceptions, panics, crashes.
    Exception Likely "Traceback (most recent call last)" r"Traceback \(most recent call last\)" => Record
        from "CPython" hit "Traceback (most recent call last):" miss "Traceback (most recent call first)";
    Panic Cause "^panic: " r"^panic: .+"
        from "Go's runtime" hit "panic: runtime error: index out of range [3] with length 3" miss "panic: ";
    Panic Cause "^fatal error: " r"^fatal error: (?:all goroutines are asleep|concurrent map|runtime|stack overflow|out of memory|unexpected signal).*"
        from "Go's runtime" hit "fatal error: all goroutines are asleep - deadlock!" miss "fatal error: x";
    Exception Cause "terminate called after throwing" r"terminate called after throwing an instance of .+"
        from "libstdc++" hit "terminate called after throwing an instance of 'std::logic_error'" miss "terminate called after throwing";
    Exception Cause "Unhandled exception" r"^\s*Unhandled exception\b[.:] ?.+"
        from ".NET" hit "Unhandled exception. System.InvalidOperationException: no" miss "an Unhandled exception";
    Exception Cause "ERR_UNHANDLED_REJECTION" r".*\bERR_UNHANDLED_REJECTION\b.*"
        from "Node.js" hit "[UnhandledPromiseRejection: x] { code: 'ERR_UNHANDLED_REJECTION' }" miss "ERR_UNHANDLED_REJECTIONS";
    Exception Cause "Cannot find module" r"Error: Cannot find module .+"
        from "Node.js" hit "Error: Cannot find module 'x'" miss "Cannot find module";
    Crash Cause "Segmentation fault" r"\S.*\bSegmentation fault\b.*|^Segmentation fault\b.*"
        from "POSIX shells" hit "a.sh: line 3:  1234 Segmentation fault      (core dumped) ./a" miss "SEGMENTATION FAULTS";
    Crash Cause "Aborted (core dumped)" r"\bAborted \(core dumped\).*"
        from "POSIX shells" hit "Aborted (core dumped)" miss "Aborted";
    Crash Cause "Illegal instruction" r"\bIllegal instruction\b.*"
        from "strsignal(3), SIGILL" hit "a.sh: line 3:  1234 Illegal instruction     (core dumped) ./a" miss "Illegal instructions";
    Crash Cause "Floating point exception" r"\bFloating point exception\b.*"
        from "strsignal(3), SIGFPE" hit "Floating point exception (core dumped)" miss "Floating point exceptions";
    Crash Cause "^Bus error" r"^Bus error\b.*"
        from "POSIX shells" hit "Bus error" miss "A Bus error";
    Crash Cause "SIGSEGV" r"\b(?:signal|SIGNAL|received|with|by|on) (?:11 )?\(?SIGSEGV\b.*|\bSIGSEGV \(0x.+"
        from "the JVM, Go, Cargo" hit "#  SIGSEGV (0xb) at pc=0x00007f, pid=12, tid=34" miss "trap SIGSEGV";
    Crash Cause "^[signal SIGSEGV" r"^\[signal SIGSEGV.+"
        from "Go's runtime" hit "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x1]" miss "x [signal SIGSEGV";
    Crash Cause ": AddressSanitizer" r"(?:ERROR|SUMMARY): AddressSanitizer: .+"
        from "AddressSanitizer" hit "==12==ERROR: AddressSanitizer: heap-use-after-free on address 0x1" miss "built with: AddressSanitizer";
    Crash Cause ": LeakSanitizer" r"(?:ERROR|SUMMARY): LeakSanitizer: .+"
        from "LeakSanitizer" hit "==12==ERROR: LeakSanitizer: detected memory leaks" miss ": LeakSanitizer";
    Crash Cause ": ThreadSanitizer" r"(?:WARNING|SUMMARY): ThreadSanitizer: .+"
        from "ThreadSanitizer" hit "WARNING: ThreadSanitizer: data race (pid=12)" miss ": ThreadSanitizer";
    Crash Cause ": runtime error: " r"\S+:\d+:\d+: runtime error: .+"
        from "UndefinedBehaviorSanitizer" hit "a.c:3:5: runtime error: signed integer overflow" miss "a: runtime error: x";
    Crash Cause "Assertion" r"\bAssertion [`'].+' failed\.?.*|Assertion failed: .+"
        from "assert(3)" hit "a: a.c:3: main: Assertion `x > 0' failed." miss "Assertion x";
    Crash Cause "Kernel panic - not syncing" r"Kernel panic - not syncing.*"
        from "Linux" hit "Kernel panic - not syncing: VFS: Unable to mount root fs" miss "Kernel panic - not sync";
    Crash Cause "BUG: unable to handle" r"BUG: unable to handle .+"
        from "Linux" hit "BUG: unable to handle kernel NULL pointer dereference at 0" miss "BUG: unable to handle";
    Crash Cause "Out of memory: " r"Out of memory: Kill.+"
        from "Linux" hit "Out of memory: Killed process 123 (cc1plus)" miss "Out of memory: x";
    Crash Cause "oom-kill:constraint" r"oom-kill:constraint=.+"
        from "Linux" hit "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)" miss "oom-kill:constraint";
    Crash Likely "OOMKilled" r#".*\bOOMKilled\b"?:? ?(?:true|\(.*|$).*"#
        from "Kubernetes, Docker" hit "reason: OOMKilled" miss r#""OOMKilled": false"#;
    Crash Cause "OutOfMemoryError" r"java\.lang\.OutOfMemoryError: .+"
        from "the JVM" hit "java.lang.OutOfMemoryError: Java heap space" miss "-XX:+HeapDumpOnOutOfMemoryError";
    Crash Cause "FATAL ERROR: " r"\bFATAL ERROR: .*heap out of memory.*"
        from "V8" hit "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory" miss "FATAL ERROR: v8";
    Crash Cause "Cannot allocate memory" r"\S.*Cannot allocate memory.*"
        from "strerror(3), ENOMEM" hit "fork: Cannot allocate memory" miss "Cannot allocate memory";
    Crash Likely "Killed" r"^(?:\S+: line \d+: +)?(?:\d+ )?Killed(?: {2,}\S.*)?$"
        from "POSIX shells" hit "a.sh: line 3:  1234 Killed                  ./a" miss "Killed process 12";
    Error Cause "No space left on device" r"\S.*No space left on device.*"
        from "strerror(3), ENOSPC" hit "cp: error writing 'a': No space left on device" miss "No space left on device";

    // Continuous integration services.
    Exit Boilerplate "##[error]" r"##\[error\](?:Process completed with exit code \d+\.?|Bash exited with code '\d+'\.|The operation was canceled\.)$"
        from "GitHub Actions, Azure Pipelines" hit "##[error]Process completed with exit code 1." miss "##[error]x";
    Timeout Cause "##[error]" r"##\[error\](.*(?:exceeded the maximum execution time|ran longer than the maximum time|has timed out after).*)"
        from "GitHub Actions, Azure Pipelines" hit "##[error]The job running on runner a has exceeded the maximum execution time of 360 minutes."
        miss "##[error]x";
    Error Cause "##[error]" r"##\[error\]\s*(\S.*)"
        from "GitHub Actions, Azure Pipelines" hit "##[error]Unable to download artifact" miss "##[error]";
    Error Cause "::error" r"^::error(?: [^:]+)?::(.+)"
        from "GitHub Actions" hit "::error file=a.js,line=1::Missing semicolon" miss "std::error::Error";
    Timeout Cause "[taskcluster:error]" r"\[taskcluster:error\] (.*(?:max run time exceeded|timeout|Timeout).*)"
        from "Taskcluster" hit "[taskcluster:error] Task aborted - max run time exceeded" miss "[taskcluster:error] x";
    Exit Boilerplate "[taskcluster:error]" r"\[taskcluster:error\] exit status \d+"
        from "Taskcluster" hit "[taskcluster:error] exit status 1" miss "[taskcluster:error] x";
    Error Silent "[taskcluster:error]" r"\[taskcluster:error\] Aborting task"
        from "Taskcluster" hit "[taskcluster:error] Aborting task..." miss "[taskcluster:error] x";
    Error Cause "[taskcluster:error]" r"\[taskcluster:error\] (.+)"
        from "Taskcluster" hit "[taskcluster:error] Could not upload artifact" miss "[taskcluster:error] ";
    Exit Boilerplate "Unsuccessful task run" r"Unsuccessful task run with exit code: \d+.*"
        from "Taskcluster" hit "Unsuccessful task run with exit code: 1 completed in 9 seconds" miss "Unsuccessful task run";
    Timeout Cause "execution took longer than" r"ERROR: Job failed: execution took longer than .+"
        from "GitLab" hit "ERROR: Job failed: execution took longer than 1h0m0s seconds" miss "execution took longer than";
    Error Cause "ERROR: Job failed (system" r"Job failed \(system failure\): .+"
        from "GitLab" hit "ERROR: Job failed (system failure): pods \"x\" not found" miss "Job failed (system failure)";
    Exit Boilerplate "ERROR: Job failed" r"ERROR: Job failed: (?:exit code|exit status|command terminated).*"
        from "GitLab" hit "ERROR: Job failed: exit code 1" miss "Job failed: x";
    Timeout Cause "Build timed out" r"Build timed out \(after .+"
        from "Jenkins" hit "Build timed out (after 60 minutes). Marking the build as failed." miss "Build timed out";
    Timeout Cause "Cancelling nested steps" r"Cancelling nested steps due to timeout"
        from "Jenkins" hit "Cancelling nested steps due to timeout" miss "Cancelling nested steps";
    Exit Boilerplate "script returned exit code" r"ERROR: script returned exit code \d+"
        from "Jenkins" hit "ERROR: script returned exit code 1" miss "script returned exit code";
    Error Likely "hudson.AbortException" r"hudson\.AbortException: .+"
        from "Jenkins" hit "hudson.AbortException: No artifacts found" miss "hudson.AbortException";
    Error Likely "^FATAL: " r"^FATAL: .+"
        from "Jenkins, PostgreSQL" hit "FATAL: Could not checkout abc" miss "FATAL: ";
    Exit Boilerplate "Finished: FAILURE" r"^Finished: FAILURE"
        from "Jenkins" hit "Finished: FAILURE" miss "is Finished: FAILURE";
    Timeout Cause "Too long with no output" r"Too long with no output .+"
        from "CircleCI" hit "Too long with no output (exceeded 10m0s): context deadline exceeded" miss "Too long with no output";
    Timeout Cause "No output has been received" r"No output has been received in the last .+"
        from "Travis CI" hit "No output has been received in the last 10m0s, this potentially indicates a stalled build" miss "No output has been received";
    Timeout Cause "Process did not finish before" r"Process did not finish before .+ timeout"
        from "Prow" hit "Process did not finish before 2h0m0s timeout" miss "Process did not finish before";
    Timeout Cause "^command timed out: " r"^command timed out: .+"
        from "Buildbot" hit "command timed out: 3600 seconds without output, attempting to kill" miss "command timed out: ";
    Exit Boilerplate "program finished with exit code" r"program finished with exit code -?[1-9]\d*"
        from "Buildbot" hit "program finished with exit code 2" miss "program finished with exit code 0";

    // Packages, images, repositories.
    Error Cause "Unable to locate package" r"E: Unable to locate package .+"
        from "apt" hit "E: Unable to locate package foo" miss "Unable to locate package";
    Error Cause "^E: Failed to fetch" r"^E: Failed to fetch .+"
        from "apt" hit "E: Failed to fetch http://a/b.deb  503  Service Unavailable" miss "W: Failed to fetch x";
    Error Likely "have unmet dependencies" r".*have unmet dependencies.*"
        from "apt" hit "The following packages have unmet dependencies:" miss "have unmet dependency";
    Error Cause "dpkg: error processing" r"dpkg: error processing .+"
        from "dpkg" hit "dpkg: error processing package foo (--configure):" miss "dpkg: error processing";
    Error Cause "Could not get lock" r"E: Could not get lock .+"
        from "apt" hit "E: Could not get lock /var/lib/dpkg/lock-frontend" miss "Could not get lock";
    Exit Silent "npm ERR!" r"npm ERR! *(?:|A complete log.*|errno .*|path .*|cwd .*|\S*[/\\]\S*\.log)$"
        from "npm" hit "npm ERR! A complete log of this run can be found in:" miss "npm ERR! code E404";
    Error Likely "npm ERR!" r"npm ERR! .+"
        from "npm" hit "npm ERR! 404 Not Found - GET https://registry.npmjs.org/x" miss "npm ERR! ";
    Exit Silent "npm error" r"npm error *(?:|A complete log.*|errno .*|path .*|cwd .*|\S*[/\\]\S*\.log)$"
        from "npm" hit "npm error A complete log of this run can be found in: /a/b.log" miss "npm error code E404";
    Error Likely "npm error" r"npm error .+"
        from "npm" hit "npm error code ECONNRESET" miss "an npm error";
    Exit Boilerplate "error Command failed" r"error Command failed with exit code \d+.*"
        from "Yarn" hit "error Command failed with exit code 1." miss "error Command failed";
    Error Cause "^error An unexpected error occurred" r"^error An unexpected error occurred: .+"
        from "Yarn" hit r#"error An unexpected error occurred: "https://a: ESOCKETTIMEDOUT"."# miss "error An unexpected error occurred";
    Error Cause "ERROR: failed to solve" r"failed to solve: .+"
        from "BuildKit" hit "ERROR: failed to solve: process \"/bin/sh -c make\" did not complete successfully: exit code: 2"
        miss "ERROR: failed to solve";
    Error Likely "returned a non-zero code" r"The command '.+' returned a non-zero code: \d+"
        from "Docker" hit "The command '/bin/sh -c make' returned a non-zero code: 2" miss "returned a non-zero code";
    Error Cause "Error response from daemon" r"Error response from daemon: .+"
        from "Docker" hit "Error response from daemon: manifest unknown" miss "Error response from daemon";
    Error Likely "ImagePullBackOff" r".*\bImagePullBackOff\b.*"
        from "Kubernetes" hit "pod/a  0/1  ImagePullBackOff  0  2m" miss "ImagePullBackOffs";
    Error Likely "CrashLoopBackOff" r".*\bCrashLoopBackOff\b.*"
        from "Kubernetes" hit "pod/a  0/1  CrashLoopBackOff  5  2m" miss "CrashLoopBackOffs";
    Error Cause "INSTALLATION FAILED" r"Error: INSTALLATION FAILED: .+"
        from "Helm" hit "Error: INSTALLATION FAILED: timed out waiting for the condition" miss "INSTALLATION FAILED";
    Error Cause "UPGRADE FAILED" r"Error: UPGRADE FAILED: .+"
        from "Helm" hit "Error: UPGRADE FAILED: another operation is in progress" miss "UPGRADE FAILED";
    Error Cause "Merge conflict in" r"CONFLICT \(.+\): .*Merge conflict in .+"
        from "Git" hit "CONFLICT (content): Merge conflict in a.c" miss "Merge conflict in";
    Error Likely "^fatal: " r"^fatal: [^\[\s].*"
        from "Git" hit "fatal: unable to access 'https://a/': Could not resolve host: a" miss "fatal: [node]: x";
    Error Cause "Could not find a version that" r"Could not find a version that satisfies the requirement .+"
        from "pip" hit "ERROR: Could not find a version that satisfies the requirement x (from versions: none)"
        miss "Could not find a version that";
    Error Cause "ResolutionImpossible" r"ResolutionImpossible: .+"
        from "pip" hit "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io" miss "ResolutionImpossible";
    Error Cause "No solution found when resolving" r"No solution found when resolving .+"
        from "uv" hit "  × No solution found when resolving dependencies:" miss "No solution found when resolving";
    Error Cause "PackagesNotFoundError" r"PackagesNotFoundError: .+"
        from "conda" hit "PackagesNotFoundError: The following packages are not available" miss "PackagesNotFoundError";
    Error Cause "Could not find gem" r"Could not find gem .+"
        from "Bundler" hit "Could not find gem 'x' in locally installed gems." miss "Could not find gem";
    Error Cause "could not be resolved to an installable" r".*could not be resolved to an installable set of packages.*"
        from "Composer" hit "Your requirements could not be resolved to an installable set of packages."
        miss "could not be resolved to an installable";

    // The network.
    Error Likely "Could not resolve host" r"\S.*Could not resolve host.*"
        from "curl" hit "curl: (6) Could not resolve host: a.example" miss "Could not resolve host";
    Error Likely "failure in name resolution" r"\S.*failure in name resolution.*"
        from "getaddrinfo(3)" hit "ssh: Temporary failure in name resolution" miss "failure in name resolution";
    Error Likely "TLS handshake timeout" r"\S.*TLS handshake timeout.*"
        from "Go's net/http" hit "Get \"https://a\": net/http: TLS handshake timeout" miss "TLS handshake timeout";
    Error Likely "Connection refused" r"\S.*[:)] Connection refused.*"
        from "strerror(3), ECONNREFUSED" hit "ssh: connect to host a port 22: Connection refused" miss "Connection refused";
    Error Likely "Connection timed out" r"\S.*[:)] Connection timed out.*"
        from "strerror(3), ETIMEDOUT" hit "ssh: connect to host a port 22: Connection timed out" miss "Connection timed out";
    Error Likely "Network is unreachable" r"\S.*: Network is unreachable.*"
        from "strerror(3), ENETUNREACH" hit "connect: a: Network is unreachable" miss "Network is unreachable";
    Error Likely "Permission denied (publickey" r".*Permission denied \(publickey.*"
        from "OpenSSH" hit "git@a: Permission denied (publickey)." miss "Permission denied";
    Error Likely "Host key verification failed" r".*Host key verification failed.*"
        from "OpenSSH" hit "Host key verification failed." miss "Host key verification";
    Error Likely "command not found" r"\S+: (?:line \d+: )?\S+: command not found"
        from "bash" hit "a.sh: line 3: foo: command not found" miss "command not found";
    Timeout Likely "timed out" r"\S.*timed out waiting for .+"
        from "kubectl" hit "error: timed out waiting for the condition on pods/a" miss "it timed out waiting";
    Timeout Likely "context deadline exceeded" r"\S.*context deadline exceeded.*"
        from "Go" hit "Error: Get \"https://a\": context deadline exceeded" miss "context deadline exceeded";
    Timeout Likely "timed out" r"\S.*\btimed out after \d.*"
        from "many" hit "Command '['make']' timed out after 60 seconds" miss "it timed out after that";

    // What any tool may say.
    Exit Vague "^error: " r"^error: (?:aborting due to|could not compile|process didn't exit|test failed, to rerun|build failed|Bad exit status|\d+ targets? failed|subprocess-exited).*"
        from "Cargo, rpmbuild, pip" hit "error: could not compile `a` (lib) due to 2 previous errors" miss "error: no matching package";
    Error Vague "^error: " r"^error: .+"
        from "Cargo, Git, Nix" hit "error: no matching package named `x` found" miss "error: ";
    Error Vague "^Error: " r"^Error: .+"
        from "Terraform, Helm, dnf, Node.js" hit "Error: Unable to find a match: x" miss "Error: ";
    Error Likely "│ Error: " r"│ Error: .+"
        from "Terraform" hit "│ Error: Invalid reference" miss "│ Error: ";
    Error Vague "^ERROR: " r"^ERROR: .+"
        from "many" hit "ERROR: No matching distribution found for x" miss "ERROR: ";
}
