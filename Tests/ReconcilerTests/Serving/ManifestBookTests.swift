import Foundation
import Testing

@testable import Reconciler

@Suite("The book of manifests")
struct ManifestBookTests {
    private func book(_ folder: TemporaryFolder) -> ManifestBook {
        ManifestBook(origin: WatchedManifests(paths: [folder.path]), isStrict: false, clock: ManualClock())
    }

    @Test("a change is read once it has stopped changing, and only then")
    func change() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(3))
        var book = book(folder)
        #expect(await book.update())
        #expect(book.fleet?.devices.count == 3)
        #expect(await book.update() == false)

        try folder.write("fleet.yaml", try Fleets.yaml(4))
        #expect(await book.update() == false, "it may be in the middle of being written")
        try folder.write("fleet.yaml", try Fleets.yaml(5))
        #expect(await book.update() == false)
        #expect(await book.update())
        #expect(book.fleet?.devices.count == 5)
    }

    @Test("a broken file keeps the last good fleet and is told once; its repair ends the problem")
    func broken() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(3))
        var book = book(folder)
        _ = await book.update()
        try folder.write("fleet.yaml", "apiVersion: profilectl/v1\nkind: Profileset\n")
        _ = await book.update()
        #expect(await book.update())
        #expect(book.fleet?.devices.count == 3)
        #expect(book.problem?.text.contains("fleet.yaml:2:7") == true, "\(book.problem?.text ?? "none")")
        #expect(await book.update() == false)

        try folder.write("fleet.yaml", try Fleets.yaml(3))
        _ = await book.update()
        #expect(await book.update())
        #expect(book.problem == nil)
    }

    @Test("files that vanish are a problem, not an empty fleet")
    func vanished() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(3))
        var book = book(folder)
        _ = await book.update()
        try FileManager.default.removeItem(atPath: folder.path + "/fleet.yaml")
        _ = await book.update()
        #expect(await book.update())
        #expect(book.fleet?.devices.count == 3)
        #expect(book.problem != nil)
    }

    @Test("a table beside the manifests is watched with them")
    func table() async throws {
        let folder = try TemporaryFolder()
        let key = try Fleets.key(1)
        try folder.write("tables/devices.csv", "eid,iccid\n\(key.eid),\(key.iccid)\n")
        try folder.write(
            "fleet.yaml",
            """
            apiVersion: profilectl/v1
            kind: ProfileSet
            metadata: {name: tables}
            defaults: {accountName: "\(Fleets.account)", smsrOid: \(Fleets.smsr), state: downloaded-enabled}
            devicesFrom: [{csv: tables/devices.csv}]
            """)
        var book = book(folder)
        _ = await book.update()
        let other = try Fleets.key(2)
        try folder.write(
            "tables/devices.csv", "eid,iccid\n\(key.eid),\(key.iccid)\n\(other.eid),\(other.iccid)\n")
        _ = await book.update()
        #expect(await book.update())
        #expect(book.fleet?.devices.count == 2)
    }

    private let setWithTable = """
        apiVersion: profilectl/v1
        kind: ProfileSet
        metadata: {name: tables}
        defaults: {accountName: "1", smsrOid: 1.2, state: downloaded-enabled}
        devicesFrom: [{csv: tables/devices.csv}]
        """

    @Test("a table that was never good is watched, and its repair is read")
    func repairedTable() async throws {
        let folder = try TemporaryFolder()
        let rows = "eid,iccid\n\(try Fleets.eid(1)),\(try Fleets.iccid(1))\n"
        for broken in ["eid,iccid\nbroken\n", nil] {
            // The fleet before does not name the table.
            try folder.write("fleet.yaml", try Fleets.yaml(3))
            var book = book(folder)
            _ = await book.update()
            #expect(book.fleet?.devices.count == 3)
            if let broken {
                try folder.write("tables/devices.csv", broken)
            } else {
                try FileManager.default.removeItem(atPath: folder.path + "/tables/devices.csv")
            }
            try folder.write("fleet.yaml", setWithTable)
            _ = await book.update()
            #expect(await book.update())
            #expect(book.problem != nil && book.fleet?.devices.count == 3)
            try folder.write("tables/devices.csv", rows)
            _ = await book.update()
            #expect(await book.update())
            #expect(book.problem == nil && book.fleet?.devices.count == 1)
        }
    }

    @Test("a link whose file appears is a change")
    func repairedLink() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(3))
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/other.yaml", withDestinationPath: ".other")
        var book = book(folder)
        #expect(await book.update())
        #expect(book.fleet == nil && book.problem?.text.contains("where nothing is") == true)
        try folder.write(".other", try Fleets.yaml(1, name: "other", from: 9))
        #expect(await book.update())
        #expect(book.problem == nil && book.fleet?.devices.count == 4)
    }

    @Test("a person who asks has everything read, whether it looks changed or not")
    func asked() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(3))
        var book = book(folder)
        _ = await book.update()
        #expect(book.generation == 1)
        #expect(await book.update() == false)
        #expect(await book.update(readsAgain: true))
        #expect(book.generation == 2)
        try folder.write("fleet.yaml", try Fleets.yaml(4))
        #expect(await book.update(readsAgain: true), "and does not wait until it has stopped changing")
        #expect(book.fleet?.devices.count == 4)
    }
}
