//! What an append takes, what it refuses, and what it leaves as it is: the same for every log.

use std::collections::HashMap;

use super::{AppendOptions, Clock, Event, Head, NewEvent, StoreError};

/// An event of an append, as it will stand in the log.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// It stands there already.
    Known(Event),
    /// It is to be written.
    New(Event),
}

impl Step {
    const fn as_event(&self) -> &Event {
        match self {
            Self::Known(event) | Self::New(event) => event,
        }
    }

    pub(super) fn event(self) -> Event {
        match self {
            Self::Known(event) | Self::New(event) => event,
        }
    }
}

/// Decides about every event, behind a head, with a way to find known ones.
pub(super) fn plan(
    events: &[NewEvent],
    options: &AppendOptions,
    clock: Clock,
    mut head: Head,
    find: impl Fn(&str) -> Result<Option<Event>, StoreError>,
) -> Result<Vec<Step>, StoreError> {
    let before = head.clone();
    let mut steps: Vec<Step> = Vec::with_capacity(events.len());
    let mut planned: HashMap<&str, usize> = HashMap::new();
    for new in events {
        let earlier = planned.get(new.id.as_str()).and_then(|&index| steps.get(index));
        let known = match earlier {
            Some(step) => Some(step.as_event().clone()),
            None => find(&new.id)?,
        };
        if let Some(known) = known {
            steps.push(Step::Known(repeated(new, known)?));
            continue;
        }
        admit(new, options, clock, &before, &head)?;
        let event = new.sealed(&head)?;
        head = event.head();
        planned.insert(&new.id, steps.len());
        steps.push(Step::New(event));
    }
    Ok(steps)
}

/// What is recorded already is returned, whatever time it is by now and wherever the log ends:
/// a caller that never heard the answer asks again.
fn repeated(new: &NewEvent, known: Event) -> Result<Event, StoreError> {
    if known.has_content_of(new) { Ok(known) } else { Err(StoreError::OtherContent { id: new.id.clone() }) }
}

fn admit(new: &NewEvent, options: &AppendOptions, clock: Clock, before: &Head, head: &Head) -> Result<(), StoreError> {
    if let Some(expected) = options.only_after.as_ref().filter(|expected| **expected != before.hash) {
        return Err(StoreError::Moved { head: before.hash.clone(), expected: expected.clone() });
    }
    if let Some(last) = head.at.filter(|last| new.at < *last) {
        return Err(StoreError::Older { at: new.at.to_string(), last: last.to_string() });
    }
    if clock == Clock::Wall && new.at > options.now {
        return Err(StoreError::Ahead { at: new.at.to_string(), now: options.now.to_string() });
    }
    Ok(())
}
