/// Looks at where a fleet stands, and puts what it sees on the board.
struct FleetLooker: Sendable {
    private let desk: ControllerDesk
    private let settings: Settings
    private let store: any StateStore
    private let clock: any WallClock
    private var pace = LookPace()

    init(desk: ControllerDesk, settings: Settings, store: any StateStore, clock: any WallClock) {
        self.desk = desk
        self.settings = settings
        self.store = store
        self.clock = clock
    }

    /// Before then the next look would take too much of the time.
    var earliest: Timestamp { pace.earliest }

    /// - Parameters:
    ///   - problem: why no run can be begun.
    ///   - unanswered: devices that are not looked up before a time.
    /// - Returns: `nil` while somebody writes the carrier's records down.
    /// - Throws: `StateStoreError`
    mutating func look(
        at declared: ControllerDesk.Declared, troubled problem: ControllerStatus.Problem?,
        unanswered: UnansweredLookups = UnansweredLookups()
    ) async throws -> FleetSurvey? {
        let startedAt = clock.now()
        let (whole, leases) = try await store.read { [wall = clock.wall()] in
            (try $0.wholeFleet(at: wall, now: startedAt), try $0.leases())
        }
        let known: KnownFleet
        switch whole {
        case .known(let fleet): known = fleet
        case .beingWritten(let recorder):
            let reason = WholeFleet.explanation(of: recorder)
            desk.board.update { status in
                for set in status.sets.indices { status.sets[set].holds = [reason] }
            }
            return nil
        }
        let now = clock.now()
        let taken = TakenSets(leases, but: desk.runHolder, at: clock.wall())
        let stopped = desk.accounts { Set($0.stopped(at: now).keys) }
        let survey = FleetSurvey(
            declared.fleet, known, at: now, policy: settings.policy, stopped: stopped, taken: taken,
            unanswered: unanswered,
            evidence: EvidenceRule(
                since: desk.startedAt, verification: settings.verification,
                verifyAfter: settings.policy.verifyAfter))
        let overdue = survey.overdueAccounts
        if desk.accounts({ $0.isNews(overdue: overdue) }) {
            desk.changeAccounts(at: now) { $0.note(overdue: overdue, at: now) }
        }
        let flips = try await flips(among: survey.changingAgain(), at: now)
        let statuses = desk.accounts { $0.statuses(at: now) }
        let sets = survey.profileSets()
        let failures = survey.failureGroups()
        let drifts = survey.driftExamples()
        let profiles = survey.profiles()
        let point = survey.point(sets)
        desk.board.update { status in
            status.lookedAt = now
            status.sets = sets
            status.accounts = statuses
            status.failures = failures
            status.driftExamples = drifts
            status.profiles = profiles
            status.unmanaged = survey.plan.unmanaged.count
            status.heldDevices = survey.heldDevices
            status.noteFlips(flips, at: now)
            status.pauses = known.pauses
            status.problem = problem
            status.add(point)
        }
        pace.looked(from: startedAt, to: clock.now())
        return survey
    }

    /// So many changes within an hour, and another one to come, are no work towards one desired state.
    private static let flips = 2

    /// Those of some devices that have been changed back and forth within the hour.
    private func flips(among keys: [DeviceKey], at now: Timestamp) async throws -> [DeviceKey] {
        guard !keys.isEmpty else { return [] }
        let successes = try await store.read { try $0.successes(of: keys, since: now - .seconds(3600)) }
        return keys.filter { successes[$0, default: 0] >= Self.flips }
    }
}
