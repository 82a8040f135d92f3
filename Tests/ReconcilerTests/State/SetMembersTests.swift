import Testing

@testable import Reconciler

@Suite("Which devices profile sets have, in the store")
struct SetMembersTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    private func members(_ name: String, _ numbers: Range<Int>) throws -> SetMembers {
        SetMembers(
            profileSet: name, keys: ContiguousArray(try numbers.map { try Fleets.key($0) }.sorted()))
    }

    private func withStore(_ work: (SQLiteStore) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        try await work(try SQLiteStore(path: folder.path + "/state.db"))
    }

    private func stored(_ store: SQLiteStore) async throws -> [String: Int] {
        try await store.read { reader in
            try reader.memberDigests().keys.reduce(into: [:]) { $0[$1] = try reader.members(of: $1)?.count }
        }
    }

    @Test("what is written is read again, EIDs and ICCIDs of all lengths")
    func roundTrip() async throws {
        try await withStore { store in
            let short = DeviceKey(eid: try #require(EID("0012")), iccid: try #require(ICCID("89")))
            let keys = ContiguousArray((try (0..<5).map { try Fleets.key($0) } + [short]).sorted())
            try await store.write { try $0.note([SetMembers(profileSet: "meters", keys: keys)], isWhole: true) }
            #expect(try await store.read { try $0.members(of: "meters") } == keys)
            #expect(try await store.read { try $0.members(of: "pumps") } == nil)
        }
    }

    @Test("a set that is renamed is forgotten, unless it is held")
    func renamed() async throws {
        for isHeld in [false, true] {
            try await withStore { store in
                let (old, new, other) = (try members("old", 0..<6), try members("new", 0..<6), try members("b", 6..<9))
                let pause = Pause(scope: .profileSet("old"), by: "ann", reason: "", at: now)
                try await store.write { transaction in
                    try transaction.note([old, other], isWhole: true)
                    if isHeld { try transaction.save(pause) }
                    try transaction.note([new], isWhole: true)
                }
                #expect(try await stored(store) == (isHeld ? ["old": 6, "new": 6, "b": 3] : ["new": 6, "b": 3]))
                let held = try await store.read { try $0.knownFleet().heldSets }
                #expect(held.map(\.profileSet) == (isHeld ? ["old"] : []))
                #expect(held.allSatisfy { $0.members == old.keys })
            }
        }
    }

    @Test("a held set keeps what it had, and is tidied when it is let go")
    func letGo() async throws {
        try await withStore { store in
            let clock = ManualClock()
            let session = PauseSession(store: store, clock: clock)
            let before = [try members("old", 0..<6)]
            let after = [try members("old", 0..<4), try members("other", 4..<9)]
            try await store.write { try $0.note(before, isWhole: true) }
            try await session.pause("old", reason: "", by: "ann")
            try await store.write { try $0.note(after, isWhole: true) }
            #expect(try await stored(store) == ["old": 6, "other": 5])
            _ = try await session.resume(.profileSet("old"), by: "ann")
            #expect(try await stored(store) == ["old": 4, "other": 5])
        }
    }

    @Test("what a saved plan names is added to what is known")
    func partial() async throws {
        try await withStore { store in
            let (whole, part) = (try members("meters", 0..<6), try members("meters", 5..<7))
            try await store.write { transaction in
                try transaction.note([whole], isWhole: true)
                try transaction.note([part], isWhole: false)
            }
            #expect(try await stored(store) == ["meters": 7])
        }
    }
}
