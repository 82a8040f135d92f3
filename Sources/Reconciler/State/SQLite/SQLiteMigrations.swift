import GRDB

/// The tables of the store, as named steps. A step is never edited after a release; a change is a new step.
enum SQLiteMigrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 devices, operations, requests, callbacks, events") { db in
            try db.execute(sql: firstTables)
        }
        migrator.registerMigration("2 devices whose operation matters for a plan") { db in
            try db.execute(sql: "CREATE INDEX deviceThatMatters ON device (eid, iccid) WHERE matters <> 0")
        }
        migrator.registerMigration("3 roll-outs and pauses") { db in
            try db.execute(sql: rolloutTables)
        }
        migrator.registerMigration("4 runs, and what they have caused") { db in
            try db.execute(sql: runTables)
        }
        migrator.registerMigration("5 several runs on one store") { db in
            try db.execute(sql: sharingTables)
        }
        migrator.registerMigration("6 the labels of a wave") { db in
            // A JSON object; NULL for a wave that goes by its size.
            try db.execute(sql: "ALTER TABLE rollout ADD COLUMN waveLabels TEXT")
        }
        migrator.registerMigration("8 answers to device lists, and how profiles have moved") { db in
            try db.execute(sql: refreshColumns)
        }
        migrator.registerMigration("9 what people were told, what was in force, and a probe") { db in
            try db.execute(sql: conditionTables)
        }
        migrator.registerMigration("10 what proves a state, and what puts it in doubt") { db in
            try db.execute(sql: evidenceColumns)
        }
        migrator.registerMigration("11 what accounts take") { db in
            try db.execute(sql: accountLimitTable)
        }
        migrator.registerMigration("12 which devices sets have, and which manifests are in force") { db in
            try db.execute(sql: memberTables)
        }
        migrator.registerMigration("14 when that was learned") { db in
            try db.execute(sql: accountLimitTimes)
        }
        return migrator
    }

    /// A device bears the run of its latest operation, so that a plan need not look at the operation.
    private static let runTables = """
        CREATE TABLE run (
            id INTEGER PRIMARY KEY,
            command TEXT NOT NULL,
            person TEXT NOT NULL,
            process INTEGER NOT NULL,
            startedAt INTEGER NOT NULL,
            endedAt INTEGER,
            ending TEXT,
            plan TEXT,
            fleet TEXT,
            revision TEXT,
            detail TEXT
        ) STRICT;
        CREATE INDEX runByPlan ON run (plan) WHERE plan IS NOT NULL;
        ALTER TABLE request ADD COLUMN run INTEGER;
        ALTER TABLE operation ADD COLUMN run INTEGER;
        ALTER TABLE event ADD COLUMN run INTEGER;
        ALTER TABLE device ADD COLUMN run INTEGER NOT NULL DEFAULT 0;
        """

    /// What several runs on one store need: whose an operation is, who holds which profile set, one line for the calls
    /// to an account, and sign-ins that are counted for all.
    private static let sharingTables = """
        ALTER TABLE operation ADD COLUMN profileSet INTEGER REFERENCES name;
        ALTER TABLE lease ADD COLUMN holder TEXT NOT NULL DEFAULT '';
        ALTER TABLE lease ADD COLUMN listensAt TEXT;
        CREATE TABLE pace (
            account INTEGER PRIMARY KEY REFERENCES name,
            takenAt INTEGER NOT NULL,
            nextAt INTEGER NOT NULL,
            busyUntil INTEGER NOT NULL,
            refusals INTEGER NOT NULL
        ) STRICT;
        ALTER TABLE signIn ADD COLUMN contact TEXT NOT NULL DEFAULT '';
        ALTER TABLE signIn ADD COLUMN since INTEGER;
        ALTER TABLE signIn ADD COLUMN acceptedAt INTEGER;
        CREATE TABLE signInContact (
            contact TEXT PRIMARY KEY,
            refusals INTEGER NOT NULL,
            unanswered INTEGER NOT NULL,
            since INTEGER,
            attemptBy TEXT,
            attemptUntil INTEGER
        ) STRICT, WITHOUT ROWID;
        """

    private static let refreshColumns = """
        ALTER TABLE callback ADD COLUMN request INTEGER;
        CREATE INDEX callbackAnswering ON callback (request) WHERE request IS NOT NULL;
        CREATE INDEX requestListAwaited ON request (sentAt)
            WHERE action IS NULL AND (outcome = 'pending' OR outcome = 'accepted');
        ALTER TABLE device ADD COLUMN reachedSeenAt INTEGER;
        ALTER TABLE device ADD COLUMN changedAt INTEGER;
        ALTER TABLE device ADD COLUMN changedBy INTEGER;
        ALTER TABLE device ADD COLUMN changedUnder TEXT;
        CREATE INDEX deviceMovedAway ON device (eid, iccid) WHERE profile <> reached;
        """

    /// `sets` is a JSON object of counts of devices. `probe` has one row, which is written to see whether it can be.
    private static let conditionTables = """
        CREATE TABLE notice (
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            condition TEXT NOT NULL,
            devices INTEGER NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (kind, subject)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE fleetInForce (
            origin TEXT PRIMARY KEY,
            revision TEXT,
            sets TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE probe (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL
        ) STRICT;
        """

    /// A state that the carrier was asked for and did not tell (5) becomes a hint. What a callback under another's request
    /// told (`changedUnder`) is no evidence.
    private static let evidenceColumns = """
        ALTER TABLE device ADD COLUMN provenAt INTEGER;
        ALTER TABLE device ADD COLUMN hint INTEGER;
        ALTER TABLE device ADD COLUMN hintAt INTEGER;
        ALTER TABLE device ADD COLUMN hintDetail TEXT;
        ALTER TABLE device ADD COLUMN hintState INTEGER;
        ALTER TABLE device ADD COLUMN hintLookups INTEGER;
        ALTER TABLE device ADD COLUMN hintDueAt INTEGER;
        ALTER TABLE device ADD COLUMN hintUnder TEXT;
        CREATE INDEX deviceInDoubt ON device (eid, iccid) WHERE hint IS NOT NULL;
        UPDATE device SET source = 5 WHERE source = 1 AND changedUnder IS NOT NULL;
        UPDATE device SET provenAt = observedAt WHERE source IN (1, 2, 3) AND profile <> 5;
        UPDATE device
        SET hint = 7, hintAt = observedAt, hintDetail = 'the carrier''s records do not tell its profile status',
            hintLookups = 0, hintDueAt = observedAt
        WHERE profile = 5;
        """

    /// `members` holds packed keys (`SetMembers`), `sets` a JSON array of names. A notice of no origin was told before
    /// origins were kept.
    private static let memberTables = """
        CREATE TABLE setMembers (
            profileSet TEXT PRIMARY KEY,
            digest TEXT NOT NULL,
            members BLOB NOT NULL
        ) STRICT;
        CREATE TABLE revisionInForce (
            holder TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            origin TEXT NOT NULL,
            digest TEXT NOT NULL,
            revision TEXT,
            sets TEXT NOT NULL,
            since INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        ALTER TABLE notice ADD COLUMN origin TEXT;
        """

    /// NULL where nothing was refused as too large yet.
    private static let accountLimitTable = """
        CREATE TABLE accountLimit (
            account INTEGER PRIMARY KEY REFERENCES name,
            actionBatch INTEGER,
            listBatch INTEGER,
            pageSize INTEGER
        ) STRICT;
        """

    /// Limits of before are as old as the migration.
    private static let accountLimitTimes = """
        ALTER TABLE accountLimit ADD COLUMN learnedAt INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE accountLimit ADD COLUMN noRequestStatusAt INTEGER;
        UPDATE accountLimit SET learnedAt = unixepoch() * 1000;
        """

    private static let rolloutTables = """
        CREATE TABLE rollout (
            id INTEGER PRIMARY KEY,
            profileSet TEXT NOT NULL,
            startedAt INTEGER NOT NULL,
            waveLimit INTEGER NOT NULL DEFAULT 0,
            endedAt INTEGER,
            abortedAt INTEGER,
            reason TEXT
        ) STRICT;
        CREATE INDEX rolloutOpen ON rollout (id) WHERE endedAt IS NULL;
        CREATE TABLE pause (
            profileSet TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            reason TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        ALTER TABLE device ADD COLUMN rollout INTEGER NOT NULL DEFAULT 0;
        """

    /// EIDs and ICCIDs are blobs of packed digits, so that `hex(eid)` reads as the number itself (filled with F)
    /// and their order is the order of `DeviceKey`. Times are milliseconds since 1970.
    private static let firstTables = """
        CREATE TABLE name (
            id INTEGER PRIMARY KEY,
            text TEXT NOT NULL UNIQUE
        ) STRICT;
        CREATE TABLE device (
            eid BLOB NOT NULL,
            iccid BLOB NOT NULL,
            account INTEGER NOT NULL REFERENCES name,
            imei INTEGER,
            profile INTEGER,
            profileStatus INTEGER REFERENCES name,
            observedAt INTEGER,
            source INTEGER,
            service INTEGER NOT NULL REFERENCES name,
            reached INTEGER,
            version INTEGER NOT NULL,
            operation INTEGER,
            matters INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (eid, iccid)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX deviceByICCID ON device (iccid);
        CREATE INDEX deviceByIMEI ON device (imei) WHERE imei IS NOT NULL;
        CREATE TABLE request (
            id INTEGER PRIMARY KEY,
            action TEXT,
            smsr INTEGER REFERENCES name,
            filter TEXT,
            account INTEGER NOT NULL REFERENCES name,
            deviceCount INTEGER NOT NULL,
            sentAt INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            requestID TEXT,
            detail TEXT
        ) STRICT;
        CREATE INDEX requestByID ON request (requestID) WHERE requestID IS NOT NULL;
        CREATE INDEX requestPending ON request (sentAt) WHERE outcome = 'pending';
        CREATE TABLE operation (
            id INTEGER PRIMARY KEY,
            eid BLOB NOT NULL,
            iccid BLOB NOT NULL,
            action TEXT NOT NULL,
            account INTEGER NOT NULL REFERENCES name,
            smsr INTEGER NOT NULL REFERENCES name,
            attempt INTEGER NOT NULL,
            request INTEGER NOT NULL REFERENCES request,
            intendedAt INTEGER NOT NULL,
            phase INTEGER NOT NULL,
            requestID TEXT,
            dueAt INTEGER,
            detail TEXT
        ) STRICT;
        CREATE INDEX operationByDevice ON operation (eid, iccid, intendedAt);
        CREATE INDEX operationByRequest ON operation (request);
        CREATE INDEX operationOpen ON operation (phase) WHERE phase <= 4;
        CREATE TABLE callback (
            id INTEGER PRIMARY KEY,
            receivedAt INTEGER NOT NULL,
            digest BLOB NOT NULL UNIQUE,
            deliveries INTEGER NOT NULL DEFAULT 1,
            verdict INTEGER NOT NULL DEFAULT 0,
            eid BLOB,
            iccid BLOB,
            text TEXT NOT NULL
        ) STRICT;
        CREATE INDEX callbackUnread ON callback (id) WHERE verdict = 0;
        CREATE INDEX callbackByDevice ON callback (eid, iccid) WHERE eid IS NOT NULL;
        CREATE TABLE event (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            eid BLOB NOT NULL,
            iccid BLOB NOT NULL,
            kind INTEGER NOT NULL,
            operation INTEGER,
            request INTEGER,
            callback INTEGER,
            detail TEXT NOT NULL
        ) STRICT;
        CREATE INDEX eventByDevice ON event (eid, iccid);
        CREATE TABLE counter (
            name TEXT PRIMARY KEY,
            value INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE signIn (
            credential TEXT PRIMARY KEY,
            refusals INTEGER NOT NULL,
            at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE lease (
            name TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            expiresAt INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
