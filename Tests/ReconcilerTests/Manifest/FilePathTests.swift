import Foundation
import Testing

@testable import Reconciler

@Suite("Parts of paths")
struct FilePathTests {
    @Test(
        "a path has a folder and a name",
        arguments: [
            ("a", "", "a"), ("a/b", "a", "b"), ("/a", "/", "a"), ("a/bc/d.yaml", "a/bc", "d.yaml"), ("", "", ""),
        ])
    func parts(path: String, folder: String, name: String) {
        #expect(FilePath.folder(of: path) == folder)
        #expect(FilePath.name(of: path) == name)
    }

    @Test("a manifest whose name is one letter may name a table")
    func short() async throws {
        let folder = try TemporaryFolder()
        try folder.write("t", "eid,iccid\n\(try Fleets.eid(1)),\(try Fleets.iccid(1))\n")
        try folder.write(
            "m",
            """
            apiVersion: profilectl/v1
            kind: ProfileSet
            metadata: {name: x}
            defaults: {accountName: "\(Fleets.account)", smsrOid: \(Fleets.smsr), state: downloaded-enabled}
            devicesFrom: [{csv: t}]
            """)
        let plan = try await Binary.run(["plan", "m"], in: folder.path)
        #expect(plan.exitCode == 0 && plan.output.contains("1 downloadEnable"), "\(plan)")
        let hint = try await Binary.run(["plan", "m", "--target", "file:n"], in: folder.path)
        #expect(hint.exitCode == 1, "\(hint)")
    }
}
