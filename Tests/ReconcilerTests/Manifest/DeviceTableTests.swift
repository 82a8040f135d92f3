import Foundation
import Testing

@testable import Reconciler

@Suite("Tables of devices")
struct DeviceTableTests {
    private func read(_ bytes: [UInt8]) -> (devices: DeclaredDevices, complaints: [Complaint]) {
        var complaints = ComplaintList(limit: 100, isStrict: false)
        let devices = DeviceTable(file: "a.csv", bytes: bytes).read(complaints: &complaints)
        return (devices, complaints.complaints)
    }

    private func read(_ text: String) -> (devices: DeclaredDevices, complaints: [Complaint]) { read(Array(text.utf8)) }

    @Test("a byte that is no UTF-8 is named with its place, and nothing is repaired")
    func encoding() throws {
        let row = "\(try Fleets.eid(1)),\(try Fleets.iccid(1)),"
        let bytes = Array("eid,iccid,label:site\n\(row)\u{E4}Sal".utf8) + [0xF3] + Array("n\n".utf8)
        let (devices, complaints) = read(bytes)
        #expect(devices.devices.isEmpty && complaints.count == 1)
        #expect(complaints.first?.place == SourcePlace(file: "a.csv", line: 2, column: row.count + 5))
        #expect(complaints.first?.found == "the byte 0xF3, which is no UTF-8")
        #expect(complaints.first?.hint?.contains("CSV UTF-8") == true)
    }

    @Test(
        "other separators, Excel's own line and conflict markers are one error that names them",
        arguments: [
            ("eid;iccid;state\n1;2;x\n", "semicolons"), ("eid\ticcid\n1\t2\n", "tabs"),
            ("\"eid\";\"iccid\"\n", "semicolons"), ("sep=;\neid;iccid\n", "`sep=`"), ("sep=,\neid,iccid\n", "`sep=`"),
            ("eid,iccid\n<<<<<<< HEAD\n1,2\n=======\n1,3\n>>>>>>> x\n", "merge conflict"),
            ("<<<<<<< HEAD\neid,iccid\n", "merge conflict"),
            (String(repeating: ",", count: 2000), "2001 columns"),
        ])
    func forms(text: String, words: String) {
        let complaints = read(text).complaints
        #expect(complaints.count == 1, "\(complaints.map(\.text))")
        #expect(complaints.first?.found.contains(words) == true, "\(complaints.map(\.text))")
    }

    @Test("rows of empty fields, which programs for tables leave behind, are no devices and no errors")
    func emptyRows() throws {
        let row = "\(try Fleets.eid(1)),\(try Fleets.iccid(1)),\n"
        let (devices, complaints) = read("eid,iccid,state\n,,\n\(row),,\n, ,\n,,,,\n")
        #expect(devices.devices.count == 1 && complaints.isEmpty, "\(complaints.map(\.text))")
        let half = read("eid,iccid,state\n,,downloaded-enabled\n")
        #expect(half.complaints.count == 2, "a row that says something is read")
    }

    @Test("a row of very many fields is counted, not kept")
    func longRow() throws {
        let text = "eid,iccid\n" + String(repeating: ",", count: 300_000) + "x\n"
        let complaints = read(text).complaints
        #expect(complaints.count == 1)
        #expect(complaints.first?.found == "300001 fields" && complaints.first?.expected == "2 fields")
    }

    @Test("columns count characters, and lines end with LF as in editors")
    func places() throws {
        let eid = try Fleets.eid(1)
        let wrong = read("label:a,eid,iccid\n\u{E4}\u{F6},\(eid),x\n").complaints
        #expect(wrong.first?.place == SourcePlace(file: "a.csv", line: 2, column: 4 + eid.description.count + 1))
        let old = read("eid,iccid\r\(eid),x\r\(eid),y\n\(eid),z\n").complaints
        #expect(old.map { $0.place?.line } == [1, 1, 2])
    }

    @Test(
        "white space and marks that cannot be seen are named by their code points",
        arguments: [
            ("\u{A0}", "U+00A0 (no-break space)"), ("\u{200B}", "U+200B (zero width space)"),
            ("\u{200F}", "U+200F (right-to-left mark)"), ("\u{201C}", "U+201C (left double quotation mark)"),
            ("\u{2019}", "U+2019 (right single quotation mark)"), ("\u{FEFF}", "U+FEFF"), ("\u{2060}", "U+2060"),
        ])
    func hidden(character: String, name: String) async throws {
        let row = "\(try Fleets.eid(1)),\(try Fleets.iccid(1)),"
        for (column, value) in [("accountName", "12\(character)3"), ("smsrOid", "1.2\(character)")] {
            let complaints = read("eid,iccid,\(column)\n\(row)\(value)\n").complaints
            #expect(complaints.count == 1 && complaints.first?.found.contains(name) == true, "\(complaints)")
            let yaml =
                "apiVersion: profilectl/v1\nkind: ProfileSet\nmetadata: {name: a}\ndefaults: {\(column): \"\(value)\"}\n"
            let loaded = await ManifestTests.load(yaml)
            #expect(loaded.errorCount == 1 && loaded.complaints.contains { $0.found.contains(name) })
        }
        let eid = read("eid,iccid\n\(try Fleets.eid(1))\(character),\(try Fleets.iccid(1))\n").complaints
        #expect(eid.first?.found.contains(name) == true)
    }

    // MARK: Where tables may lie

    private func manifest(_ csv: String) -> String {
        """
        apiVersion: profilectl/v1
        kind: ProfileSet
        metadata: {name: tables}
        defaults: {accountName: "1", smsrOid: 1.2, state: downloaded-enabled}
        devicesFrom: [{csv: "\(csv)"}]
        """
    }

    @Test("a table outside the folder of its manifest is refused without a word of what it holds")
    func outside() async throws {
        let folder = try TemporaryFolder()
        try folder.write("secret.txt", "s3cret-value\n")
        try folder.write("fleet-2/secret.csv", "s3cret-value\n")
        try folder.write("fleet/below/x.csv", "eid,iccid\n\(try Fleets.eid(1)),\(try Fleets.iccid(1))\n")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/fleet/link.csv", withDestinationPath: "../secret.txt")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/fleet/out", withDestinationPath: folder.path)
        try folder.write("fleet-2/deep/x", "")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/fleet/deep", withDestinationPath: folder.path + "/fleet-2/deep")
        for csv in [
            "../secret.txt", "deep/../secret.csv", folder.path + "/secret.txt", "link.csv", "out/secret.txt",
            "below/../../secret.txt",
            "../fleet-2/secret.csv", "/etc/hostname", "../nowhere.csv",
        ] {
            let path = try folder.write("fleet/a.yaml", manifest(csv))
            let loaded = await ManifestLoader().load([path])
            #expect(loaded.errorCount == 1, "\(csv): \(loaded.complaints.map(\.text))")
            #expect(loaded.complaints.first?.found.contains("not below the folder") == true, "\(csv)")
            #expect(loaded.complaints.first?.place == SourcePlace(file: path, line: 5, column: 21))
            #expect(!loaded.complaints.contains { $0.text.contains("s3cret") }, "\(csv)")
        }
        for csv in ["below/x.csv", "./below/../below/x.csv", folder.path + "/fleet/below/x.csv"] {
            let path = try folder.write("fleet/a.yaml", manifest(csv))
            #expect(await ManifestLoader().load([path]).complaints.isEmpty, "\(csv)")
        }
        let path = try folder.write("fleet/a.yaml", manifest("../fleet/below/x.csv"))
        #expect(await ManifestLoader(allowsExternalTables: true).load([path]).complaints.isEmpty)
    }

    @Test("the real program reads tables elsewhere only where a person allows it")
    func option() async throws {
        let folder = try TemporaryFolder()
        try folder.write("x.csv", "eid,iccid\n\(try Fleets.eid(1)),\(try Fleets.iccid(1))\n")
        try folder.write("fleet/a.yaml", manifest("../x.csv"))
        let refused = try await Binary.run(["validate", "fleet"], in: folder.path)
        #expect(refused.exitCode == 1 && refused.output.contains("--allow-external-csv"), "\(refused)")
        let allowed = try await Binary.run(["validate", "fleet", "--allow-external-csv"], in: folder.path)
        #expect(allowed.exitCode == 0, "\(allowed)")
    }
}
