/// How far a run has come; also its final word.
public struct ApplyReport: Sendable {
    /// How a run came to its end.
    public enum Ending: Hashable, Sendable {
        /// Still at work.
        case running
        /// Nothing is left to do or to wait for.
        case settled
        /// Everything is asked for; the run was told not to wait.
        case asked
        case timedOut
        /// A person stopped it.
        case interrupted
        /// It cannot go on before something has changed: a refused sign-in, an unreachable carrier, an account
        /// that the carrier does not accept.
        case stopped(String)
        /// Roll-outs were given up, now or by an earlier run, for these reasons; all else is settled.
        case aborted([String])
        /// What is left may be sent only in a maintenance window, and none opens within the time of the run.
        case outsideWindows
        /// Waves wait, for these reasons, for devices that the run was told to leave alone; all else is settled.
        case heldUp([String])
    }

    /// How far the roll-out of a profile set has come.
    public struct Wave: Hashable, Sendable {
        public let profileSet: String
        /// From 1.
        public let number: Int
        public let count: Int
        /// Its labels or its size, as in the YAML.
        public let name: String
        /// How many devices of the change have been let out, in all waves.
        public let released: Int
        /// How many are let out when the wave is full.
        public let limit: Int
        /// How many of those that were let out have not landed: the next wave waits for them.
        public let toLand: Int

        init(_ wave: RolloutWave, of profileSet: String, _ tally: RolloutTally) {
            self.profileSet = profileSet
            number = wave.number
            count = wave.count
            name = wave.name
            released = tally.released
            limit = wave.limit
            toLand = tally.toLand
        }
    }

    public var ending: Ending = .running
    /// How many devices of the run's actions are as desired.
    public var converged = 0
    /// How many devices the run set out to change or found in flight.
    public var total = 0
    /// How many other devices of the fleet were as desired from the start.
    public var unchanged = 0
    public var inFlight = 0
    public var enablePending = 0
    /// Devices that are waiting for their next attempt.
    public var waiting = 0
    public var queued = 0
    /// Roll-outs that go out in several waves.
    public var waves: [Wave] = []
    /// A person's word that holds actions back.
    public var pause: Pause?
    /// Profile sets that wait for a maintenance window.
    public var closedWindows: [ClosedWindow] = []
    /// Profile sets that are held because too much of them would change.
    public var largeChanges: [LargeChange] = []
    /// Accounts to which nothing more is sent, with the reason.
    public var stoppedAccounts: [AccountName: String] = [:]
    /// Devices about which the carrier has not answered.
    public var unanswered = UnansweredLookups()
    /// Devices that failed, are blocked or held, with the reason.
    public var exceptions: [PlanException] = []
    /// Devices of a saved plan that have moved since it was made, and are left alone.
    public var moved: [MovedDevice] = []
    /// What happened meanwhile, by the event log.
    public var events: [StateEvent.Kind: Int] = [:]
    /// How many requests were sent.
    public var requests = 0
    /// Things that a person should know although the run goes on.
    public var remarks: [String] = []

    public var failed: Int { count("failed") }
    public var blocked: Int { count("blocked") }
    public var held: Int { count("held") }

    private func count(_ name: String) -> Int {
        exceptions.count { $0.reason.name == name }
    }
}

extension ApplyReport.Ending {
    /// In a few words, for the record of the run.
    var name: String {
        switch self {
        case .running: "running"
        case .settled: "settled"
        case .asked: "asked for, not waited"
        case .timedOut: "not converged in time"
        case .interrupted: "stopped by a person"
        case .stopped: "stopped"
        case .aborted: "given up"
        case .outsideWindows: "outside the maintenance windows"
        case .heldUp: "held up by devices that it is not about"
        }
    }
}
