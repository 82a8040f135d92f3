import Foundation
import Testing

@testable import Reconciler

@Suite("The difference of two fleets")
struct FleetDifferenceTests {
    private func difference(_ before: String, _ after: String) async throws -> FleetDifference {
        FleetDifference(from: try await Fleets.fleet(before), to: try await Fleets.fleet(after))
    }

    private func changes(_ devices: some Sequence<FleetDifference.ChangedDevice>) -> [String] {
        devices.flatMap(\.changes).map { "\($0.field): \($0.before ?? "none") -> \($0.after ?? "none")" }
    }

    @Test("the same declarations in other words and another order differ in nothing")
    func alike() async throws {
        let yaml = try Fleets.yaml(4, imeis: true)
        var lines = yaml.split(separator: "\n", omittingEmptySubsequences: false)
        lines.swapAt(lines.count - 2, lines.count - 3)
        let difference = try await difference(yaml, "# moved\n" + lines.joined(separator: "\n"))
        #expect(difference.isEmpty && difference.unchangedCount == 4)
    }

    @Test("devices that come, go and change are told apart, with each thing that is declared otherwise")
    func changed() async throws {
        let before = try Fleets.yaml(5, imeis: true)
        let device = "iccid: \"\(try Fleets.iccid(2))\""
        var after = try Fleets.yaml(7, imeis: true).replacing(
            device,
            with: "\(device), state: downloaded-disabled, accountName: \"0742077109-00002\", smsrOid: 1.2.3, "
                + "labels: {site: a}")
        after = after.replacing("350000000000002", with: "350000000000099")
        let first = try Fleets.eid(0).description
        after = after.split(separator: "\n").filter { !$0.contains(first) }.joined(separator: "\n")
        let difference = try await difference(before, after)
        #expect(difference.added.map(\.key) == [try Fleets.key(5), try Fleets.key(6)].sorted())
        #expect(difference.removed.map(\.key) == [try Fleets.key(0)])
        #expect(difference.changed.map(\.key) == [try Fleets.key(2)])
        #expect(difference.unchangedCount == 3)
        #expect(
            Set(changes(difference.changed)) == [
                "state: downloaded-enabled -> downloaded-disabled",
                "accountName: \(Fleets.account) -> 0742077109-00002", "smsrOid: \(Fleets.smsr) -> 1.2.3",
                "imei: 350000000000002 -> 350000000000099", "labels.site: none -> a",
            ])
        #expect(changes(difference.added).contains("state: none -> downloaded-enabled"))
        #expect(changes(difference.removed).contains("imei: 350000000000000 -> none"))
        let backwards = FleetDifference(from: try await Fleets.fleet(after), to: try await Fleets.fleet(before))
        #expect(backwards.added.map(\.key) == difference.removed.map(\.key))
        #expect(changes(backwards.changed).contains("labels.site: a -> none"))
    }

    @Test("a roll-out policy that changes is told, and so is a set that is called otherwise")
    func profileSets() async throws {
        let before = try Fleets.yaml(2, rollout: "rollout: {maxChange: 10%, waves: [1%]}")
        let after = try Fleets.yaml(2, rollout: "rollout: {maxChange: 20%, waves: [1%], abortWhen: {failed: 5%}}")
        let policy = try await difference(before, after)
        #expect(policy.unchangedCount == 2 && !policy.isEmpty)
        guard case .changed("fleet", let changes)? = policy.profileSets.first else {
            Issue.record("\(policy.profileSets)")
            return
        }
        #expect(
            changes.map { "\($0.field): \($0.before ?? "none") -> \($0.after ?? "none")" } == [
                #"abortWhen: none -> {"atLeast":0,"failed":"5%"}"#, "maxChange: 10 -> 20",
            ])
        let renamed = try await difference(before, before.replacing("name: fleet", with: "name: other"))
        #expect(renamed.profileSets == [.removed("fleet"), .added("other")])
        #expect(self.changes(renamed.changed) == Array(repeating: "profileSet: fleet -> other", count: 2))
    }
}
