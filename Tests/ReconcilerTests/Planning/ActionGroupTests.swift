import Testing

@testable import Reconciler

@Suite("The actions of a plan in groups")
struct ActionGroupTests {
    @Test("a fair share uses the room and gives nobody more than they want", arguments: 1...50)
    func share(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let wants = (0..<Int.random(in: 0...12, using: &random)).map { _ in Int.random(in: 0...40, using: &random) }
        let room = Int.random(in: 0...200, using: &random)
        let share = FairShare.limit(wants, room: room)
        let given = wants.map { min($0, share) }.reduce(0, +)
        #expect(given <= room, "seed \(seed)")
        let withMore = wants.map { min($0, share == .max ? share : share + 1) }.reduce(0, +)
        #expect(share == .max || withMore > room, "seed \(seed): there was room for more")
    }

    @Test("groups count every action once, list small groups wholly, and keep the order of the keys")
    func groups() async throws {
        let plan = try await ReportPlans.plan(400, account: { $0 < 16 ? "b" : "a" })
        let groups = plan.actions.groups(listing: 60)
        #expect(groups.map(\.account.description) == ["a", "a", "a", "b", "b", "b"])
        #expect(groups.map(\.action) == [.downloadEnable, .enable, .disable, .downloadEnable, .enable, .disable])
        #expect(groups.reduce(0) { $0 + $1.count } == plan.actions.count)
        for group in groups {
            let listed = group.listed.map { plan.actions[Int($0)] }
            #expect(listed.allSatisfy { $0.account == group.account && $0.action == group.action })
            let keys = listed.map(\.key)
            #expect(keys == keys.sorted())
            if group.account.description == "b" { #expect(listed.count == group.count) }
        }
        let all = plan.actions.groups(listing: .max)
        #expect(all.flatMap(\.listed).sorted() == plan.actions.indices.map { UInt32($0) })
        #expect(plan.actions.groups(listing: 0).allSatisfy { $0.listed.isEmpty })
    }

    @Test("a label that tells devices apart is broken down, the rest of the devices included; others are not")
    func breakdowns() async throws {
        let plan = try await ReportPlans.plan(
            800,
            labels: { number in
                var labels = ["region": "west", "serial": "\(number)"]
                if number < 80 { labels["site"] = "phoenix-\(number % 2)" }
                return labels
            }, account: { _ in "a" })
        let breakdowns = plan.actions.summary().breakdowns
        #expect(breakdowns.map(\.label) == ["serial", "site"])
        let site = try #require(breakdowns.last)
        #expect(site.parts.map(\.value) == ["phoenix-0", "phoenix-1", nil])
        #expect(site.parts.map(\.actions.total) == [20, 20, 360])
    }
}
