import Testing

@testable import Reconciler

/// A change of cards with one or two profiles, let out against a carrier that is a few lines long, while labels change
/// and the process that lets it out is killed and begins anew at every step.
private struct RolloutModel {
    static let sites = ["lab", "west", "east"]
    static let number = RolloutNumber(9)
    static let now = Timestamp(milliseconds: 1_790_000_000_000)

    let waves: String
    let changesLabels: Bool
    var random: SeededGenerator
    var siteOfCard: [String]
    let profilesOfCard: [Int]
    var records: [DeviceKey: DeviceRecord] = [:]
    var releases: [DeviceKey: RolloutNumber] = [:]
    var rollout = RolloutRecord(number: number, profileSet: "fleet", startedAt: now)
    var fleet = DesiredFleet()
    /// In the order in which they were let out.
    var letOut: [DeviceKey] = []
    var waveNames: [String] = []
    /// Things that must not be.
    var faults: [String] = []

    init(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let orders = [
            "[{labels: {site: lab}}, 10%, 100%]", "[{labels: {site: lab}}, 3, {labels: {site: west}}, 50%]",
            "[20%, {labels: {site: lab}}]", "[{labels: {site: nobody}}, {labels: {site: east}}, {labels: {site: lab}}]",
        ]
        waves = orders[Int.random(in: 0..<orders.count, using: &random)]
        changesLabels = Bool.random(using: &random)
        let cards = Int.random(in: 1...24, using: &random)
        siteOfCard = (0..<cards).map { _ in Self.sites.randomElement(using: &random) ?? "" }
        profilesOfCard = (0..<cards).map { _ in Int.random(in: 1...2, using: &random) }
        self.random = random
        for card in 0..<cards {
            for profile in 0..<profilesOfCard[card] {
                let key = DeviceKey(eid: try Fleets.eid(card), iccid: try Fleets.iccid(card * 2 + profile))
                // Of two profiles the first one is on and is to be off, the second one the other way round.
                let state =
                    profilesOfCard[card] == 1
                    ? ProfileState.notDownloaded
                    : profile == 0 ? .downloadedEnabled : .downloadedDisabled
                records[key] = DeviceRecord(
                    key: key, account: Fleets.account,
                    observation: ProfileObservation(state: state, profileStatus: nil, at: Self.now, source: .callback),
                    service: .active)
            }
        }
    }

    mutating func readManifest() async throws {
        var yaml = try Fleets.yaml(0, rollout: "rollout: {waves: \(waves)}")
        for card in siteOfCard.indices {
            for profile in 0..<profilesOfCard[card] {
                let isOff = profilesOfCard[card] == 2 && profile == 0
                // Only one profile of a card has the label.
                let labels = profile == 0 ? ", labels: {site: \(siteOfCard[card])}" : ""
                yaml += "  - {eid: \(try Fleets.eid(card)), iccid: \(try Fleets.iccid(card * 2 + profile))\(labels)"
                yaml += isOff ? ", state: downloaded-disabled}\n" : "}\n"
            }
        }
        fleet = try await Fleets.fleet(yaml, hasWavesOfNobody: true)
    }

    var plan: Plan {
        Planner(now: Self.now).plan(
            desired: fleet, known: KnownFleet(records.values, rollouts: [rollout], releases: releases))
    }

    func site(of key: DeviceKey) throws -> String {
        let card = try siteOfCard.indices.first { try Fleets.eid($0) == key.eid }
        return card.map { siteOfCard[$0] } ?? ""
    }

    /// One look: what is in flight lands or not, the wave is kept, and some of what may leave leaves.
    mutating func look() throws {
        for (key, record) in records.sorted(by: { $0.key < $1.key }) {
            guard let operation = record.operation, operation.isOpen, Bool.random(using: &random) else { continue }
            land(key, operation, fails: Int.random(in: 0..<5, using: &random) == 0)
        }
        let plan = plan
        let gate = RolloutGate(plan, rollouts: [rollout], pauses: [])
        let wave = gate.steps[0].wave
        if wave.limit < rollout.waveLimit { faults.append("a wave that shrinks: \(wave) after \(rollout)") }
        if wave.limit != rollout.waveLimit || wave.labels != rollout.waveLabels {
            if !plan.rollouts[0].hasLanded { faults.append("a wave begins before the one before has landed: \(wave)") }
            for (eid, switches) in switches() where switches == 1 {
                faults.append("card \(eid) is left half-way at the end of a wave")
            }
            waveNames.append(wave.name)
        }
        // As the run does: the wave is on disk before anything of it leaves.
        rollout.waveLimit = wave.limit
        rollout.waveLabels = wave.labels
        var queue = ActionQueue(plan, positions: gate.positions)
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            guard let batch = queue.next(size: 3, isStopped: { _ in false }) else { break }
            for action in batch.actions { try send(action, in: wave) }
        }
        let isAbove = releases.count > wave.limit
        // The last card may fill it by more than its limit, and those begun before may have to be finished.
        if isAbove, releases.count > wave.limit + siteOfCard.count { faults.append("far above the limit of \(wave)") }
    }

    /// How many of the two switches of a card with two profiles are made, for cards of which one was made or asked for.
    private func switches() -> [EID: Int] {
        var counts: [EID: Int] = [:]
        for device in fleet.devices where records[device.key]?.reached != nil {
            counts[device.key.eid, default: 0] += 1
        }
        let pairs = Set(Dictionary(grouping: fleet.devices, by: \.key.eid).filter { $0.value.count == 2 }.keys)
        return counts.filter { pairs.contains($0.key) }
    }

    private mutating func send(_ action: PlannedAction, in wave: RolloutWave) throws {
        let key = action.key
        if releases[key] == nil {
            let isBegunCard = releases.keys.contains { $0.eid == key.eid }
            if let labels = wave.labels, !isBegunCard, try labels["site"] != site(of: key) {
                faults.append("\(key) goes with \(labels), and is at \(try site(of: key))")
            }
            letOut.append(key)
        }
        releases[key] = Self.number
        records[key]?.operation = Operation(
            id: OperationID(1), key: key, action: action.action, account: Fleets.account, smsr: Fleets.smsr,
            attempt: 1, request: RequestNumber(1), intendedAt: Self.now,
            phase: .submitted(RequestID("r"), deadline: Self.now + .seconds(60)))
    }

    private mutating func land(_ key: DeviceKey, _ operation: Reconciler.Operation, fails: Bool) {
        if fails {
            let failure = OperationFailure(code: "x", carrierText: nil, explanation: "Busy.", remedy: .retry)
            records[key]?.operation?.phase = .failed(failure, retryAt: Self.now)
        } else {
            records[key]?.operation?.phase = .succeeded
            records[key]?.observation?.state = operation.action.expectedState
            records[key]?.reached = operation.action.expectedState
        }
    }
}

@Suite("Whole roll-outs in waves by label, against a model")
struct RolloutModelTests {
    @Test(
        "every device comes out, wave by wave, whole cards at a time, whatever labels do meanwhile", arguments: 1...60)
    func converges(seed: UInt64) async throws {
        var model = try RolloutModel(seed: seed)
        try await model.readManifest()
        let sites = model.siteOfCard
        var looks = 0
        while !model.plan.isConverged, looks < 2000 {
            looks += 1
            if model.changesLabels, Int.random(in: 0..<4, using: &model.random) == 0 {
                let card = Int.random(in: 0..<sites.count, using: &model.random)
                model.siteOfCard[card] = RolloutModel.sites.randomElement(using: &model.random) ?? ""
                try await model.readManifest()
            }
            try model.look()
        }
        #expect(model.faults.isEmpty, "seed \(seed), \(model.waves): \(model.faults.prefix(3))")
        #expect(model.plan.isConverged, "seed \(seed), \(model.waves)")
        #expect(model.letOut.count == Set(model.letOut).count, "seed \(seed)")
        guard !model.changesLabels, model.waves.hasPrefix("[{labels: {site: lab}}") else { return }
        let isLab = try model.letOut.map { try model.site(of: $0) == "lab" }
        let canaries = isLab.count { $0 }
        #expect(isLab.prefix(canaries).allSatisfy { $0 }, "seed \(seed): the canaries come first")
        #expect(model.waveNames.first == (canaries > 0 ? "site=lab" : model.waveNames.first), "seed \(seed)")
    }
}
