import Reconciler

/// The controller in numbers, as JSON.
struct StatusDocument: Encodable {
    struct Manifests: Encodable {
        let origin: String
        let commit: String?
        let loadedAt: String?
        let problem: ManifestProblem?
    }

    struct ManifestProblem: Encodable {
        let at: String
        let commit: String?
        let text: String
    }

    let version: String
    let startedAt: String
    let lookedAt: String?
    let isReady: Bool
    let problem: String?
    let storeProblem: String?
    let carrierProblem: String?
    let devices: Int
    let converged: Int
    let unmanaged: Int
    let standings: [String: Int]
    let profiles: [String: Int]
    let driftExamples: [DeviceName]
    let nextRefreshAt: String?
    let manifests: Manifests

    init(_ status: ControllerStatus, at now: Timestamp, version: String) {
        self.version = version
        startedAt = status.startedAt.description
        lookedAt = status.lookedAt?.description
        isReady = status.isReady(at: now)
        problem = status.problem?.text
        storeProblem = status.store.problem(at: now)?.text
        carrierProblem = status.carrier.problem
        devices = status.devices
        converged = status.converged
        unmanaged = status.unmanaged
        standings = status.sets.standings
        profiles = status.profiles
        driftExamples = status.driftExamples.map(DeviceName.init)
        nextRefreshAt = status.nextRefreshAt?.description
        manifests = Manifests(
            origin: status.manifests.origin, commit: status.manifests.commit,
            loadedAt: status.manifests.loadedAt?.description,
            problem: status.manifests.problem.map {
                ManifestProblem(at: $0.at.description, commit: $0.commit, text: $0.text)
            })
    }
}

struct ProfileSetDocument: Encodable {
    let name: String
    let devices: Int
    let standings: [String: Int]
    let driftPolicy: String
    let holds: [String]
    let rollout: RolloutDocument?

    init(_ set: ControllerStatus.ProfileSetStatus) {
        name = set.name
        devices = set.devices
        standings = [set].standings
        driftPolicy = set.driftPolicy.rawValue
        holds = set.holds
        rollout = set.rollout.map { RolloutDocument($0, of: set.name) }
    }
}

struct RolloutDocument: Encodable {
    let profileSet: String
    let startedAt: String
    let wave: Int
    let waveCount: Int
    let abort: String?

    init(_ rollout: ControllerStatus.Rollout, of profileSet: String) {
        self.profileSet = profileSet
        startedAt = rollout.startedAt.description
        wave = rollout.wave
        waveCount = rollout.waveCount
        abort = rollout.abort
    }
}

struct FailureDocument: Encodable {
    let kind: String
    let code: String?
    let explanation: String
    let count: Int
    let examples: [DeviceName]

    init(_ group: ControllerStatus.FailureGroup) {
        kind = group.kind
        code = group.code
        explanation = group.explanation
        count = group.count
        examples = group.examples.map(DeviceName.init)
    }
}

struct AccountDocument: Encodable {
    let name: String
    let refreshedAt: String?
    let refreshProblem: String?
    let stopped: String?
    let registrationProblem: String?

    init(_ account: ControllerStatus.AccountStatus) {
        name = account.name.description
        refreshedAt = account.refreshedAt?.description
        refreshProblem = account.refreshProblem
        stopped = account.stopped
        registrationProblem = account.registrationProblem
    }
}

struct PauseDocument: Encodable {
    /// Missing for everything.
    let profileSet: String?
    let by: String
    let reason: String
    let at: String

    init(_ pause: Pause) {
        profileSet =
            switch pause.scope {
            case .everything: nil
            case .profileSet(let name): name
            }
        by = pause.by
        reason = pause.reason
        at = pause.at.description
    }
}

struct HistoryDocument: Encodable {
    let at: String
    let devices: Int
    let converged: Int
    let inFlight: Int
    let troubled: Int

    init(_ point: ControllerStatus.ConvergencePoint) {
        at = point.at.description
        devices = point.devices
        converged = point.converged
        inFlight = point.inFlight
        troubled = point.troubled
    }
}

extension [ControllerStatus.ProfileSetStatus] {
    fileprivate var standings: [String: Int] {
        Dictionary(
            uniqueKeysWithValues: Standing.allCases.map { standing in
                (standing.jsonName, reduce(0) { $0 + standing.count(in: $1) })
            })
    }
}

extension Standing {
    /// As JSON names it: in one word.
    fileprivate var jsonName: String { self == .inFlight ? "inFlight" : rawValue }
}
