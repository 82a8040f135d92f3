import Testing

@testable import Reconciler

@Suite("How much may change at once (F66)")
struct LargeChangeTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    /// A fleet of sets of so many devices each, of which so many are enabled and are to be disabled.
    private func plan(
        _ sets: [(devices: Int, changes: Int)], limits: [String] = [], accounts: [Int] = [], maxChange: Double = 30
    ) async throws -> Plan {
        var (texts, records, number): ([String], [DeviceRecord], Int) = ([], [], 0)
        for (index, set) in sets.enumerated() {
            let rollout = index < limits.count ? "rollout: {maxChange: \(limits[index])}" : ""
            let account = AccountName("0342077109-0000\(index < accounts.count ? accounts[index] : 1)")
            texts.append(
                try Fleets.yaml(
                    set.devices, name: "set-\(index)", state: "downloaded-disabled", rollout: rollout, from: number
                ).replacing("\(Fleets.account)", with: "\(account)"))
            for device in 0..<set.devices {
                var record = DeviceRecord(key: try Fleets.key(number + device), account: account)
                let state: ProfileState = device < set.changes ? .downloadedEnabled : .downloadedDisabled
                record.learn(state, status: nil, at: now, source: .deviceListV2)
                records.append(record)
            }
            number += set.devices
        }
        let fleet = try await Fleets.fleet(texts.joined(separator: "---\n"))
        return Planner(now: now + .seconds(1), maxChange: maxChange).plan(desired: fleet, known: KnownFleet(records))
    }

    @Test("regrouping a fleet of 60 lets no more of it change")
    func regrouping() async throws {
        let groupings: [[(devices: Int, changes: Int)]] = [
            [(60, 60)], Array(repeating: (3, 3), count: 20), Array(repeating: (9, 9), count: 6),
            Array(repeating: (1, 1), count: 60), [(30, 30), (9, 9), (9, 9), (9, 9), (3, 3)],
        ]
        for grouping in groupings {
            let plan = try await plan(grouping)
            let gate = RolloutGate(plan, rollouts: [], pauses: [], holdsLargeChanges: true)
            #expect(gate.positions.isEmpty, "\(grouping)")
            #expect(!plan.largeChanges.isEmpty && !gate.largeChanges.isEmpty)
        }
    }

    @Test("small sets are judged together by their limit")
    func together() async throws {
        #expect(try await plan([(4, 2), (4, 1), (4, 0)]).largeChanges.isEmpty)
        let large = try await plan([(4, 2), (4, 2), (4, 0)]).largeChanges
        #expect(large.map(\.scope) == [.smallSets])
        #expect(large.first?.profileSets == ["set-0", "set-1"], "what does not change is not held")
        #expect(large.first?.changes == 4 && large.first?.present == 12)
        let mixed = try await plan([(4, 2), (4, 2), (4, 0)], limits: ["40%", "30%"]).largeChanges
        #expect(mixed.map(\.profileSets) == [["set-1"]])
        #expect(try await plan([(4, 4), (4, 4)]).largeChanges.isEmpty, "a share of eight devices says nothing")
    }

    @Test("accounts and the run have a limit, whatever sets allow")
    func widerLimits() async throws {
        let run = try await plan([(20, 20)], limits: ["100%"]).largeChanges
        #expect(run.map(\.scope) == [.run] && run.first?.profileSets == ["set-0"])
        #expect(run.first?.description.contains("convergence.maxChange is 30 %") == true)
        #expect(try await plan([(20, 20)], limits: ["100%"], maxChange: 100).largeChanges.isEmpty)
        let account = try await plan([(20, 20), (80, 0)], limits: ["100%"], accounts: [1, 2]).largeChanges
        #expect(account.map(\.scope) == [.account(AccountName("0342077109-00001"))])
        // 25 of 100 are little of one account.
        #expect(try await plan([(20, 20), (80, 5)], limits: ["100%"], accounts: [1, 1]).largeChanges.isEmpty)
    }

    @Test("what is held by a narrower limit counts for no wider one")
    func heldDoesNotCount() async throws {
        let large = try await plan([(40, 40), (20, 2)]).largeChanges
        #expect(large.map(\.profileSets) == [["set-0"]])
    }

    @Test("a saved plan keeps all that was too much when it was made")
    func saved() async throws {
        let folder = try TemporaryFolder()
        for grouping in [[(3, 3), (9, 9)], [(20, 20)], [(20, 20), (80, 0)]] as [[(devices: Int, changes: Int)]] {
            let plan = try await plan(grouping, limits: ["100%"], accounts: [1, 2])
            try #require(!plan.largeChanges.isEmpty)
            let path = folder.path + "/change.plan"
            try PlanFile.write(plan, to: path, toolVersion: "1")
            #expect(try PlanFile.read(path).plan.largeChanges == plan.largeChanges)
        }
    }
}
