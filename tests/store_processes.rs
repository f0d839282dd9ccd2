//! The record among processes: killed ones, two at once, full disks, files that cannot be written.
