import Testing

@testable import Reconciler

@Suite("Devices stay held, whatever set names them (F65)")
struct HeldDevicesTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    private static let cases: [(sets: [(name: String, devices: Range<Int>)], free: Int, places: [String: Int])] = [
        // The name is another one.
        ([("new", 0..<12)], 0, ["new": 12]),
        // It is split.
        ([("left", 0..<6), ("right", 6..<12)], 0, ["left": 6, "right": 6]),
        // Some devices are moved to a set that was there before.
        ([("old", 0..<9), ("other", 9..<20)], 8, ["other": 3]),
        // Nothing is moved.
        ([("old", 0..<12)], 0, [:]),
        // All of them are gone.
        ([("other", 20..<25)], 5, [:]),
    ]

    private func known(_ cause: HeldDevices.Cause) throws -> KnownFleet {
        let members = ContiguousArray(try (0..<12).map { try Fleets.key($0) }.sorted())
        var known = KnownFleet()
        switch cause {
        case .paused(let pause): known.pauses = [pause]
        case .aborted(let abort):
            known.rollouts = [
                RolloutRecord(number: RolloutNumber(1), profileSet: "old", startedAt: now, abort: abort)
            ]
        }
        known.heldSets = [HeldSet(profileSet: "old", cause: cause, members: members)]
        return known
    }

    private func plan(_ sets: [(name: String, devices: Range<Int>)], _ known: KnownFleet) async throws -> Plan {
        let texts = try sets.map { try Fleets.yaml($0.devices.count, name: $0.name, from: $0.devices.lowerBound) }
        let fleet = try await Fleets.fleet(texts.joined(separator: "---\n"))
        return Planner(now: now).plan(desired: fleet, known: known)
    }

    @Test("renaming, splitting and moving lift no pause and no stop", arguments: Self.cases.indices)
    func regrouping(_ number: Int) async throws {
        let scene = Self.cases[number]
        let causes: [HeldDevices.Cause] = [
            .paused(Pause(scope: .profileSet("old"), by: "ann", reason: "outage", at: now)),
            .aborted(RolloutRecord.Abort(at: now, reason: "8 of 12 have failed.")),
        ]
        for cause in causes {
            let known = try known(cause)
            let plan = try await plan(scene.sets, known)
            let gate = RolloutGate(plan, rollouts: known.rollouts, pauses: known.pauses)
            #expect(gate.positions.count == scene.free)
            let places = plan.heldDevices.flatMap(\.places).reduce(into: [:]) { $0[$1.profileSet] = $1.devices }
            #expect(places == scene.places)
            let isThere = scene.sets.contains { $0.name == "old" }
            switch cause {
            case .paused(let pause): #expect(gate.pause == (isThere || !scene.places.isEmpty ? pause : nil))
            case .aborted:
                #expect(gate.abortReasons.count == (isThere ? 1 : 0) + (scene.places.isEmpty ? 0 : 1))
            }
        }
    }

    @Test("the plan names the set that is gone, and where its devices are")
    func explanation() async throws {
        let pause = Pause(scope: .profileSet("old"), by: "ann", reason: "outage", at: now)
        let plan = try await plan([("left", 0..<6), ("right", 6..<12)], try known(.paused(pause)))
        let text = try #require(plan.heldDevices.first).description
        for part in [
            "Profile set old, which the manifests do not name any more", "paused by ann", "12 devices", "left (6)",
            "right (6)", "profilectl resume --set old",
        ] { #expect(text.contains(part), "\(text)") }
        var json: [UInt8] = []
        PlanJSON(plan).write { json += $0 }
        #expect(try JSONValue(json: json)["summary"]?["held"]?.elements.map(\.text) == [text])
    }

    @Test("a set all of whose devices are held begins no rollout")
    func noRollout() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let book = RolloutBook(store: store, clock: ManualClock())
        let pause = Pause(scope: .profileSet("old"), by: "ann", reason: "", at: now)
        let held = try await plan([("new", 0..<12)], try known(.paused(pause)))
        #expect(try await book.keep(held, []).isEmpty)
        let partly = try await plan([("new", 0..<13)], try known(.paused(pause)))
        #expect(try await book.keep(partly, []).map(\.profileSet) == ["new"])
    }

    @Test("rows are found in the order of their keys")
    func cursor() throws {
        let keys = try (0..<6).map { try Fleets.key($0) }.sorted()
        var cursor = KeyCursor(ContiguousArray([keys[1], keys[3], keys[4]]))
        #expect(keys.map { cursor.row(of: $0) } == [nil, keys[1], nil, keys[3], keys[4], nil])
    }
}
