/// What a controller knows and does, for those who look at it: one consistent picture.
public struct ControllerStatus: Sendable {
    /// Where the manifests come from, and whether the latest are in use.
    public struct Manifests: Sendable {
        /// As a person would name the origin.
        public var origin: String
        public var commit: String?
        public var loadedAt: Timestamp?
        /// Why the latest revision is not in use.
        public var problem: ManifestBook.Problem?
        /// Since when there is no such problem.
        var soundSince: Timestamp?
        /// Profile sets that are gone or much smaller than before, until people know of it.
        var losses: [SetLoss] = []
        /// That the branch was written anew, until people know of it.
        var rewrite: Rewrite?
    }

    /// A branch whose newest commit does not descend from the one that was in force before.
    struct Rewrite: Hashable, Sendable {
        let from: String
        let to: String
    }

    /// Why nothing at all can be sent or looked at.
    public struct Problem: Sendable {
        enum Condition: String {
            /// The store cannot be read.
            case store
            /// Another run is in the way.
            case taken
            /// A run could not go on.
            case stopped
            /// Another controller acts by other manifests.
            case otherRevision
        }

        let condition: Condition
        /// What happened and what to do.
        public let text: String
        let at: Timestamp
    }

    /// Where the devices of one profile set stand.
    public struct ProfileSetStatus: Sendable {
        public var name: String
        public var devices = 0
        /// As desired.
        public var converged = 0
        /// To be sent, drift included.
        public var pending = 0
        /// Known state that moved away from the desired one after it had been reached.
        public var drift = 0
        public var inFlight = 0
        /// Waiting for their next attempt.
        public var waiting = 0
        public var failed = 0
        public var held = 0
        public var blocked = 0
        /// How drift is dealt with.
        public var driftPolicy = DriftPolicy.correct
        public var rollout: Rollout?
        /// Why nothing is sent although something is to be done, as sentences: a pause, a closed window, a large
        /// change that waits for a person, a run of somebody else.
        public var holds: [String] = []
        /// That too much of it would change, which is one of the holds.
        public var largeChange: String?
        /// How many devices would change then.
        public var largeChangeDevices = 0
    }

    /// A change on its way out in waves.
    public struct Rollout: Sendable {
        public var startedAt: Timestamp
        /// The number of the wave that is under way, from 1.
        public var wave: Int
        public var waveCount: Int
        /// Why it was given up.
        public var abort: String?
    }

    /// What the controller knows of one account.
    public struct AccountStatus: Sendable {
        public var name: AccountName
        public var refreshedAt: Timestamp?
        /// Why the latest refresh did not come to its end.
        public var refreshProblem: String?
        /// Why nothing can be sent for it.
        public var stopped: String?
        /// Why some of its devices wait to be looked up; the others go on.
        public var lookupProblem: String?
        /// Where the carrier sends its callbacks, if that is not to us.
        public var registrationProblem: String?
        /// Whether it is known whether its callbacks come.
        var isSilenceKnown = true
        /// That its callbacks do not come, although the carrier has our address.
        public var silence: String?
        /// Whether that was looked up, whatever came of it.
        public var isSettled = true
        /// When it was learnt last whether something can be sent for it.
        var learntAt: Timestamp?
        /// When its records were asked for last, whatever came of it.
        var triedAt: Timestamp?
    }

    /// Devices that have failed, are held or blocked for the same reason.
    public struct FailureGroup: Sendable {
        /// `failed`, `held` or `blocked`.
        public var kind: String
        /// The carrier's code, if there is one.
        public var code: String?
        /// A sentence with what to do.
        public var explanation: String
        public var count: Int
        /// The first few of them, in the order of their keys.
        public var examples: [DeviceKey]
    }

    /// How much of the fleet was as desired at some time.
    public struct ConvergencePoint: Hashable, Sendable {
        public var at: Timestamp
        public var devices: Int
        public var converged: Int
        public var inFlight: Int
        /// Failed, held or blocked.
        public var troubled: Int
    }

    public var startedAt: Timestamp
    /// When the fleet was looked at last; `nil` before the first time.
    public var lookedAt: Timestamp?
    public var manifests: Manifests
    /// In the order of the fleet.
    public var sets: [ProfileSetStatus] = []
    /// In the order of their names.
    public var accounts: [AccountStatus] = []
    /// The largest first.
    public var failures: [FailureGroup] = []
    /// Devices whose known state drifted, the first few of them in the order of their keys.
    public var driftExamples: [DeviceKey] = []
    /// Devices that are changed back and forth, and when that was seen last.
    private(set) var flips: [DeviceKey: Timestamp] = [:]
    /// Devices that stay held for a profile set that named them before.
    public var heldDevices: [HeldDevices] = []
    /// How many devices are in which profile state, by `ProfileState.name`, and `never seen`.
    public var profiles: [String: Int] = [:]
    /// Devices that the store knows and no manifest names.
    public var unmanaged = 0
    public var pauses: [Pause] = []
    private var convergence = ConvergenceHistory()
    public var nextRefreshAt: Timestamp?
    public var problem: Problem?
    /// When a run has last ended in order, or was not needed.
    var soundAt: Timestamp?
    public var store = StoreCondition.untried
    public var carrier = CarrierCondition.untried
    /// Why the carrier's callbacks do not get to us.
    public var callbackTroubles: [CallbackTrouble] = []
    /// When that has last become as it is.
    var callbacksSoundAt: Timestamp?

    public init(startedAt: Timestamp, manifests: Manifests) {
        self.startedAt = startedAt
        self.manifests = manifests
    }

    /// Oldest first; thinned out as it gets long.
    public var history: [ConvergencePoint] {
        get { convergence.points }
        set { convergence = ConvergenceHistory(points: newValue) }
    }

    /// How long after its last flip a device is still said to be changed back and forth.
    private static let flipMemory = Duration.seconds(3600)
    private static let flipLimit = 10_000

    /// Takes note of devices that were seen to be changed back and forth.
    mutating func noteFlips(_ keys: [DeviceKey], at now: Timestamp) {
        flips = flips.filter { $0.value + Self.flipMemory > now }
        for key in keys where flips[key] != nil || flips.count < Self.flipLimit { flips[key] = now }
    }

    mutating func add(_ point: ConvergencePoint) { convergence.add(point) }

    public var devices: Int { sets.reduce(0) { $0 + $1.devices } }
    public var converged: Int { sets.reduce(0) { $0 + $1.converged } }
}
