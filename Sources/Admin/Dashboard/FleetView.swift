import Reconciler

/// What the page of the fleet shows.
struct FleetView: Sendable {
    /// More are left to the JSON API.
    private static let setLimit = 200

    let frame: PageFrame
    let alerts: [Alert]
    let hasFleet: Bool
    /// How much of the fleet is as desired, in per cent.
    let percent: String
    let headline: String
    let lookedAt: Moment?
    let bar: StandingBar
    let plot: ConvergencePlot?
    let sets: [SetRow]
    let hasSets: Bool
    let setsLeftOut: String?
    let rollouts: [RolloutCard]
    let hasRollouts: Bool
    let failures: [FailureCard]
    let hasFailures: Bool
    let drift: DriftCard?
    let accounts: [AccountRow]
    let hasAccounts: Bool
    let manifests: ManifestCard
    let profiles: [ProfileRow]
    let nextRefresh: Moment?
    let pauses: [PauseRow]
    /// Whether everything is paused.
    let isPaused: Bool
    let canResume: Bool

    /// Something that a person is to look at first.
    struct Alert: Sendable {
        let word: String
        let title: String
        let text: String
    }

    struct SetRow: Sendable {
        let name: String
        let deviceCount: String
        let share: String
        let bar: StandingBar
        let policy: String
        let holds: [String]
        let hasHolds: Bool
        let isSetPaused: Bool
        let isSetAborted: Bool
        /// Whether there is something to resume.
        let canSetResume: Bool
    }

    struct RolloutCard: Sendable {
        struct Wave: Sendable {
            let number: Int
            let word: String
            let spokenState: String
            let isNow: Bool

            init(_ number: Int, _ word: String, _ spokenState: String, isNow: Bool = false) {
                self.number = number
                self.word = word
                self.spokenState = spokenState
                self.isNow = isNow
            }
        }

        let setName: String
        let begun: Moment
        let progress: String
        let waves: [Wave]
        let abortReason: String?
    }

    struct FailureCard: Sendable {
        let kind: String
        let causeCode: String?
        let explanation: String
        let deviceCount: String
        let examples: [DeviceName]
        /// The search that lists all of them.
        let listing: String?
    }

    struct DriftCard: Sendable {
        let deviceCount: String
        let policies: [String]
        let examples: [DeviceName]
    }

    struct AccountRow: Sendable {
        let name: String
        let refreshed: Moment?
        let problems: [String]
        let isWell: Bool
    }

    struct ManifestCard: Sendable {
        let origin: String
        let commit: String?
        let loaded: Moment?
        let isCurrent: Bool
        let problemText: String?
        let problemAt: Moment?
    }

    struct ProfileRow: Sendable {
        let label: String
        let count: String
    }

    struct PauseRow: Sendable {
        let scope: String
        let profileSet: String
        let person: String
        let reason: String
        let hasReason: Bool
        let since: Moment
    }

    /// - Parameters:
    ///   - pauses: from the store, which knows first.
    ///   - storeProblem: why the store could not be read just now.
    init(
        _ status: ControllerStatus, pauses: [Pause], storeProblem: String?, frame: PageFrame, now: Timestamp
    ) {
        let paused = Set(pauses.map(\.scope))
        self.frame = frame
        hasFleet = status.hasFleet
        percent = Self.percent(status.converged, of: status.devices)
        headline = "\(status.converged.grouped) of \(counted(status.devices, "device")) as desired"
        lookedAt = status.lookedAt.map { Moment($0, now: now) }
        bar = StandingBar(status.sets)
        plot = ConvergencePlot(status.history, now: now)
        sets = status.sets.prefix(Self.setLimit).map { SetRow($0, paused) }
        hasSets = !sets.isEmpty
        let leftOut = status.sets.count - sets.count
        setsLeftOut = leftOut > 0 ? counted(leftOut, "profile set") : nil
        rollouts = status.sets.compactMap { set in set.rollout.map { RolloutCard($0, of: set, now: now) } }
        hasRollouts = !rollouts.isEmpty
        failures = status.failures.map(FailureCard.init)
        hasFailures = !failures.isEmpty
        drift = DriftCard(status)
        accounts = status.accounts.map { AccountRow($0, now: now) }
        hasAccounts = !accounts.isEmpty
        manifests = ManifestCard(status.manifests, now: now)
        profiles =
            status.profiles.sorted { $0.value > $1.value }.map { ProfileRow(label: $0.key, count: $0.value.grouped) }
            + (status.unmanaged > 0 ? [ProfileRow(label: "in no manifest", count: status.unmanaged.grouped)] : [])
        nextRefresh = status.nextRefreshAt.map { Moment($0, now: now) }
        self.pauses = pauses.map { PauseRow($0, now: now) }
        isPaused = paused.contains(.everything)
        canResume = !pauses.isEmpty || status.sets.contains { $0.rollout?.abort != nil }
        alerts = Self.alerts(status, status.store.problem(at: now)?.text ?? storeProblem)
    }

    private static func alerts(_ status: ControllerStatus, _ storeProblem: String?) -> [Alert] {
        var alerts: [Alert] = []
        if let storeProblem { alerts.append(Alert(word: "bad", title: "State store", text: storeProblem)) }
        if let problem = status.carrier.problem { alerts.append(Alert(word: "bad", title: "Carrier", text: problem)) }
        if let problem = status.problem { alerts.append(Alert(word: "bad", title: "Stopped", text: problem.text)) }
        if let problem = status.manifests.problem {
            alerts.append(
                Alert(
                    word: "warn", title: "Manifests",
                    text: status.manifests.loadedAt == nil
                        ? problem.text : "The latest ones are not in use, those before stay. \(problem.text)"))
        }
        for account in status.accounts {
            guard let stopped = account.stopped else { continue }
            alerts.append(Alert(word: "bad", title: "Account \(account.name)", text: stopped))
        }
        for set in status.sets {
            guard let abort = set.rollout?.abort else { continue }
            alerts.append(Alert(word: "bad", title: "Roll-out of \(set.name) given up", text: abort))
        }
        return alerts
    }

    /// One decimal, and 100 only if nothing is left.
    static func percent(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "0" }
        guard part < whole else { return "100" }
        let tenths = part * 1000 / whole
        return tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(tenths % 10)"
    }
}
