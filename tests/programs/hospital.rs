//! A hospital as a program: fifteen items under load, for the pictures of the console and the tests of its pages.
//!
//! Everything outside is made up, and comes and goes in a fixed rhythm: the laboratory's system has outages and refuses some
//! orders, the nightly list is disabled, and every few minutes a long list of results comes in.

use std::process::ExitCode;

use iop::prelude::*;

#[path = "hospital/messages.rs"]
mod messages;
#[path = "hospital/operations.rs"]
mod operations;
#[path = "hospital/processes.rs"]
mod processes;
#[path = "hospital/services.rs"]
mod services;

use operations::{EhrMllp, MailServer, RestClient, SftpDrop, SqlWriter};
use processes::{AdmitFlow, Enricher, ErrorDesk, LabFlow, Router};
use services::{CsvFolder, DeviceGateway, Hl7Listener, NightList, OrderEntry};

production! {
    /// A hospital between its wards, its laboratory and its record.
    pub(crate) Hospital {
        alerts to email_alert;

        /// Admissions and orders from the wards.
        #[item(category = ["wards"])]
        hl7_in: Hl7Listener { router: router },
        /// Readings of the devices at the bedside.
        #[item(category = ["devices"])]
        device_in: DeviceGateway { router: router },
        /// Orders that are entered by hand.
        #[item(category = ["wards"])]
        orders_http: OrderEntry { router: router, journal: sql_store },
        /// Lists of results from the reference laboratory.
        csv_in: CsvFolder { enrich: enrich, archive: sftp_out },
        /// The list of beds for the next day.
        #[item(enabled = false)]
        night_list: NightList { lab_flow: lab_flow },

        /// Who gets what.
        #[item(pool_size = 2, max_hops = 10)]
        router: Router { lab: lab_flow, admit: admit_flow, errors: error_desk },
        /// A laboratory order from its arrival to its result.
        #[item(pool_size = 2, alert_depth = 50)]
        lab_flow: LabFlow { enrich: enrich, lis: lis_rest, ehr: ehr_out, errors: error_desk },
        /// An admission, in the record and in the database.
        admit_flow: AdmitFlow { enrich: enrich, ehr: ehr_out, store: sql_store },
        /// What is known of a patient.
        #[item(pool_size = 3)]
        enrich: Enricher { store: sql_store, drop: sftp_out },
        /// Tells people, and has repaired messages routed again.
        error_desk: ErrorDesk { mail: email_alert, ehr: ehr_out, again: router },

        /// The laboratory's own system.
        #[item(attempts = 3, backoff = "300ms")]
        lis_rest: RestClient {},
        /// Tells the people on duty.
        email_alert: MailServer {},
        /// The hospital's record of its patients.
        ehr_out: EhrMllp {},
        /// The research database.
        #[item(pool_size = 4)]
        sql_store: SqlWriter {},
        /// Files for the archive.
        sftp_out: SftpDrop {},
    }
}

fn main() -> ExitCode {
    iop::run::<Hospital>()
}
