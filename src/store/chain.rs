//! The chain of hashes, walked event by event.

use super::{Clock, Event, Fault, Head, StoreError};

/// A walk along a chain: takes events in order and finds the first that does not belong.
#[derive(Debug, Clone)]
pub struct Chain {
    head: Head,
}

impl Chain {
    /// Before the first event.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { head: Head::empty(clock) }
    }

    /// Where the walk stands.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Goes on to the next event.
    ///
    /// # Errors
    /// If it is not the event that was recorded at this place.
    pub fn follow(&mut self, event: &Event) -> Result<(), StoreError> {
        let number = self.head.number + 1;
        let fault = if event.number != number {
            Fault::Place { found: event.number.to_string() }
        } else if event.previous != self.head.hash {
            Fault::Previous
        } else if event.hash != event.expected_hash() {
            Fault::Hash
        } else if self.head.at.is_some_and(|last| event.at < last) {
            Fault::Order
        } else {
            self.head = event.head();
            return Ok(());
        };
        Err(StoreError::Broken { number, fault })
    }
}

/// The same events, up to the first that does not belong.
pub(super) fn checked<'events>(
    clock: Clock,
    events: &'events mut dyn Iterator<Item = Result<Event, StoreError>>,
) -> impl Iterator<Item = Result<Event, StoreError>> + 'events {
    let mut chain = Chain::new(clock);
    events.map(move |event| event.and_then(|event| chain.follow(&event).map(|()| event)))
}

/// Walks events from the first to the last.
pub(super) fn verify(
    clock: Clock,
    events: impl Iterator<Item = Result<Event, StoreError>>,
    expected_head: Option<&str>,
) -> Result<Head, StoreError> {
    let mut chain = Chain::new(clock);
    let mut passed = (expected_head == Some(clock.genesis())).then_some(0);
    for event in events {
        let event = event?;
        chain.follow(&event)?;
        if expected_head == Some(event.hash.as_str()) {
            passed = Some(event.number);
        }
    }
    let head = chain.head;
    match (expected_head, passed) {
        (Some(expected), None) => Err(StoreError::OtherHead { head: head.hash, expected: expected.to_owned() }),
        (Some(_), Some(number)) if number < head.number => {
            Err(StoreError::GoesOn { number, events: head.number, head: head.hash })
        }
        _ => Ok(head),
    }
}
