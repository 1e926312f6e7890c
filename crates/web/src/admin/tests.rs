//! The admin from outside: real requests to its routes, on a real database with sample rows.

mod access;
mod again;
mod browser;
mod destinations;
mod forms;
mod kept;
mod mirror_care;
mod missed;
mod overdue;
mod pages;
mod rotation;
mod sample;
mod sample_work;
mod shop;
mod upgrade;
