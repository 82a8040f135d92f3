import Testing

@testable import Reconciler

/// 10,000 pairs of a desired and a known fleet; a failing pair is found again by its seed.
@Suite("Plans of random fleets, applied to a pure model of the carrier")
struct RandomFleetTests {
    private static let pairsInPart: UInt64 = 500
    /// Saved plans cost more: each goes through its file, and is applied twice.
    private static let savedPlansInPart: UInt64 = 100
    private static let parts: Range<UInt64> = 0..<20

    private static let cards: [[DeviceKey]] =
        (try? (1...4).map { card in
            let eid = try Fleets.eid(card)
            return try (1...3).map { DeviceKey(eid: eid, iccid: try Fleets.iccid(card * 10 + $0)) }.sorted()
        }.sorted { $0[0] < $1[0] }) ?? []

    private func carrier(_ seed: UInt64) -> PureCarrier {
        let cards = Self.cards.prefix(Int(seed % 4) + 1).map { Array($0.prefix(Int(seed / 4 % 3) + 1)) }
        return PureCarrier(seed: seed, cards: cards)
    }

    /// What no plan may be.
    private func faults(of plan: Plan, _ carrier: PureCarrier, isWhole: Bool) -> [String] {
        var faults: [String] = []
        for action in plan.actions {
            let isThere = carrier.truth[action.key]?.isOnDevice == true
            if action.action.isDownload, action.known?.isOnDevice == true || (isThere && !action.isUnverified) {
                faults.append("\(action.key) is there, and is to be downloaded")
            }
            if carrier.records[action.key]?.operation?.isOpen == true { faults.append("\(action.key) is under way") }
            if carrier.records[action.key]?.service.allowsChange == false { faults.append("\(action.key) is blocked") }
        }
        let keys = plan.actions.map(\.key) + plan.exceptions.map(\.key)
        if Set(keys).count != keys.count { faults.append("a device twice") }
        let all = keys.count + plan.convergedCount + plan.moved.count
        if all != carrier.desired.devices.count { faults.append("\(all) of \(carrier.desired.devices.count) devices") }
        let wanted = Set(carrier.desired.devices.map(\.key))
        let unmanaged = carrier.records.keys.filter { !wanted.contains($0) }.sorted()
        if isWhole, Array(plan.unmanaged) != unmanaged { faults.append("unmanaged: \(plan.unmanaged)") }
        return faults
    }

    /// What is left at the end must be for a person, and the rest must be so.
    private func faults(atTheEnd plan: Plan?, _ carrier: PureCarrier) -> [String] {
        guard let plan else { return ["no end"] }
        var faults = plan.actions.map { "\($0.key) is still to be changed" }
        var excused = Set(plan.moved.map { carrier.desired.devices[$0].key })
        for exception in plan.exceptions {
            excused.insert(exception.key)
            switch exception.reason {
            case .blocked, .failed, .held: continue
            case .inProgress, .waiting, .drifted, .recorded, .unconfirmed:
                faults.append("\(exception.key) is \(exception.reason.name)")
            }
        }
        for device in carrier.desired.devices where !excused.contains(device.key) {
            if carrier.truth[device.key] != device.state.profileState {
                faults.append("\(device.key) is not as desired")
            }
        }
        return faults
    }

    @Test(
        "applying leads to an empty plan but for what is blocked, failed or held; nothing there is downloaded",
        arguments: parts)
    func converges(part: UInt64) {
        var actions = 0
        for seed in (part * Self.pairsInPart)..<((part + 1) * Self.pairsInPart) {
            var carrier = carrier(seed)
            var review: PlanReview?
            var found: [String] = []
            let last = carrier.converge(within: &review) { plan, carrier in
                found += faults(of: plan, carrier, isWhole: true)
            }
            found += faults(atTheEnd: last, carrier)
            #expect(found.isEmpty, "seed \(seed)")
            actions += carrier.sent.count
        }
        #expect(actions > Int(Self.pairsInPart), "there was something to do")
    }

    @Test(
        "a saved plan does what was reviewed, leaves alone what others have moved, and is done at its end",
        arguments: parts)
    func savedPlans(part: UInt64) throws {
        var left = 0
        for seed in (part * Self.savedPlansInPart)..<((part + 1) * Self.savedPlansInPart) {
            var carrier = carrier(seed)
            let saved = try carrier.savedPlan()
            let keys = saved.plan.actions.map(\.key)
            // Nothing is asked for of a device that was never seen before it was looked up: it may move until then.
            let seen = saved.plan.actions.filter { $0.known != nil }.map(\.key)
            let moved = Set(seen.prefix(Int(seed % 3)))
            for key in keys where !moved.contains(key) && seed % 2 == 0 { carrier.confirm(key) }
            for key in moved { carrier.moveByOtherHands(key) }
            carrier.run = RunNumber(1)
            var review: PlanReview? = PlanReview(saved, runs: [RunNumber(1)], startedAt: carrier.now)
            var found: [String] = []
            var leftAlone: Set<DeviceKey> = []
            var last: Plan?
            // A second run of the same plan finds nothing to do.
            for run in 1...2 {
                let sentBefore = carrier.sent.count
                last = carrier.converge(within: &review) { plan, carrier in
                    found += faults(of: plan, carrier, isWhole: false)
                    leftAlone.formUnion(plan.moved.map { keys[$0] })
                }
                if run == 2, carrier.sent.count > sentBefore { found.append("sent again") }
                review = PlanReview(saved, runs: [RunNumber(1)], startedAt: carrier.now)
            }
            found += faults(atTheEnd: last, carrier)
            let reviewed = Dictionary(uniqueKeysWithValues: saved.plan.actions.map { ($0.key, $0.action) })
            for (key, action) in carrier.sent {
                let isReviewed = reviewed[key] == action || (reviewed[key] == .downloadEnable && action == .enable)
                if !isReviewed { found.append("\(key): \(action) was not reviewed") }
                if moved.contains(key) { found.append("\(key) had moved") }
            }
            if !moved.isSubset(of: leftAlone) { found.append("moved, and not told") }
            #expect(found.isEmpty, "seed \(seed)")
            left += leftAlone.count
        }
        #expect(left > 0, "some have moved")
    }
}
