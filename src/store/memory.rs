//! A log in memory.

use std::collections::HashMap;
use std::ops::RangeFrom;

use super::append::{Step, plan};
use super::chain::checked;
use super::{AppendOptions, Clock, Event, EventLog, Events, Fault, Head, NewEvent, StoreError};

/// A log in memory: for tests, and for hosts that persist events themselves.
#[derive(Debug, Clone)]
pub struct MemoryLog {
    clock: Clock,
    events: Vec<Event>,
    by_id: HashMap<String, usize>,
}

impl MemoryLog {
    /// An empty one.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, events: Vec::new(), by_id: HashMap::new() }
    }

    /// The log as JSON lines, as [`super::export`] writes it.
    ///
    /// # Errors
    /// If the chain is broken.
    pub fn to_lines(&self) -> Result<String, StoreError> {
        let mut lines = Vec::new();
        super::export(self, &mut lines)?;
        Ok(String::from_utf8_lossy(&lines).into_owned())
    }

    fn push(&mut self, event: Event) {
        self.by_id.insert(event.id.clone(), self.events.len());
        self.events.push(event);
    }

    fn known(&self, id: &str) -> Option<&Event> {
        self.by_id.get(id).and_then(|&index| self.events.get(index))
    }

    fn end(&self) -> Head {
        self.events.last().map_or_else(|| Head::empty(self.clock), Event::head)
    }
}

impl EventLog for MemoryLog {
    fn clock(&self) -> Clock {
        self.clock
    }

    fn append(&mut self, events: &[NewEvent], options: &AppendOptions) -> Result<Vec<Event>, StoreError> {
        let steps = plan(events, options, self.clock, self.end(), |id| Ok(self.known(id).cloned()))?;
        for step in &steps {
            if let Step::New(event) = step {
                self.push(event.clone());
            }
        }
        Ok(steps.into_iter().map(Step::event).collect())
    }

    fn restore(&mut self, events: &mut dyn Iterator<Item = Result<Event, StoreError>>) -> Result<Head, StoreError> {
        if !self.events.is_empty() {
            return Err(StoreError::NotEmpty { events: self.end().number });
        }
        let mut restored = Self::new(self.clock);
        for event in checked(self.clock, events) {
            let event = event?;
            if restored.known(&event.id).is_some() {
                return Err(StoreError::Broken { number: event.number, fault: Fault::Id });
            }
            restored.push(event);
        }
        *self = restored;
        Ok(self.end())
    }

    fn events(&self, numbers: RangeFrom<u64>) -> Events<'_> {
        // The event of number 1 is at index 0.
        let skipped = usize::try_from(numbers.start.saturating_sub(1)).unwrap_or(usize::MAX);
        Box::new(self.events.iter().skip(skipped).cloned().map(Ok))
    }

    fn find(&self, id: &str) -> Result<Option<Event>, StoreError> {
        Ok(self.known(id).cloned())
    }

    fn head(&self) -> Result<Head, StoreError> {
        Ok(self.end())
    }
}
