//! Any text is an expression or an error with a place inside the text; printing and parsing agree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use qmtl_policy::source::{FileId, Limits, Locator, Span};
use qmtl_policy::syntax::{parse_expression, print_expression};

fuzz_target!(|text: &str| {
    let whole = Span::new(FileId(0), 0, text.len());
    match parse_expression(text, &Locator::whole(whole), &Limits::default()) {
        Err(error) => assert!(error.span.end as usize <= text.len()),
        Ok(expression) => {
            let printed = print_expression(&expression);
            let again = parse_expression(&printed, &Locator::whole(whole), &Limits::default());
            // Printing may add spaces, and so pass the limit on length only.
            if printed.len() <= Limits::EXPRESSION_BYTES {
                let again = again.expect("a printed expression is one");
                assert_eq!(print_expression(&again), printed);
            }
        }
    }
});
