import Foundation
import Testing

@testable import Reconciler

@Suite("Manifests that cannot be read")
struct UnreadableManifestTests {
    @Test("links to nothing, in circles and out of the folder are errors, each")
    func links() async throws {
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        try folder.write("good.yaml", try Fleets.yaml(1))
        let secret = try other.write("secret.yaml", "password: s3cret\n")
        let wrong: [(name: String, target: String, words: String)] = [
            ("dangling.yaml", "nowhere", "where nothing is"), ("folder", "nowhere.d", "where nothing is"),
            ("a.yml", "b.yml", "circle"), ("b.yml", "a.yml", "circle"), ("out.yaml", secret, "leads out"),
            ("outside", other.path, "leads out"),
        ]
        for (name, target, _) in wrong {
            try FileManager.default.createSymbolicLink(atPath: folder.path + "/" + name, withDestinationPath: target)
        }
        let loaded = await ManifestLoader().load([folder.path])
        #expect(loaded.errorCount == wrong.count, "\(loaded.complaints.map(\.text))")
        for (name, _, words) in wrong {
            #expect(
                loaded.complaints.contains { $0.place?.file == folder.path + "/" + name && $0.found.contains(words) },
                "\(name)")
        }
        #expect(!loaded.complaints.contains { $0.text.contains("s3cret") })
        #expect(await ManifestLoader().load([secret]).complaints.contains { $0.text.contains("s3cret") }, "as named")
    }

    /// Files of which one folder and one file cannot be read.
    private struct ForbiddenFiles: ManifestFiles {
        func kind(of path: String) -> Presence<ManifestFileKind> {
            path.hasSuffix(".yaml") ? .present(.file) : .present(.folder)
        }
        func names(in folder: String) -> Presence<[String]> {
            folder == "fleet" ? .present(["a.yaml", "closed"]) : .unreadable(.system(EACCES))
        }
        func open(_ path: String) throws(ReadFailure) -> ManifestText { throw .system(EIO) }
        func place(of path: String) -> String { path }
        func isLink(_ path: String) -> Bool { false }
        func boundary(of folder: String) -> String { "" }
        func tableBoundary(of folder: String) -> String { "" }
    }

    @Test("a folder or a file that may not be read is an error, not fewer devices")
    func forbidden() async {
        let loaded = await ManifestLoader(isStrict: false, files: ForbiddenFiles()).load(["fleet"])
        #expect(
            loaded.complaints.map(\.found) == [
                "`fleet/a.yaml`, which cannot be read: input/output error",
                "`fleet/closed`, which cannot be read: permission denied",
            ])
        #expect(FolderListing.names(in: "/nowhere/at/all") == .absent)
        #expect(FolderListing.names(in: "/dev/null") == .unreadable(.notAFile))
    }

    @Test("a name that is no UTF-8 is an error that shows its bytes")
    func names() async throws {
        let folder = try TemporaryFolder()
        try folder.write("good.yaml", try Fleets.yaml(1))
        let bytes = Array(folder.path.utf8) + Array("/Sal".utf8) + [0xF3] + Array("n.yaml".utf8) + [0]
        let descriptor = bytes.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { path in
            path.baseAddress.map { open($0, O_CREAT | O_WRONLY, 0o600) } ?? -1
        }
        #expect(descriptor >= 0)
        close(descriptor)
        let loaded = await ManifestLoader().load([folder.path])
        #expect(loaded.errorCount == 1)
        #expect(loaded.complaints.first?.found.contains("Sal\\xF3n.yaml") == true)
    }

    @Test(
        "texts in other forms are named, with what to do",
        arguments: [
            ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS", 1, 1),
            ("a: b\n# Sal\u{F3}n\nb: <<bad>>\n", "no UTF-8", 3, 4),
        ])
    func forms(text: String, words: String, line: Int, column: Int) async throws {
        let data = Data(text.utf8).replacing("<<bad>>", with: [0xF3, 0x6E])
        let loaded = await ManifestLoader(standardInput: { data }).load(["-"])
        #expect(loaded.errorCount == 1, "\(loaded.complaints.map(\.text))")
        let complaint = try #require(loaded.complaints.first)
        #expect(complaint.found.contains(words))
        #expect(complaint.place == SourcePlace(file: "<stdin>", line: line, column: column))
    }

    @Test(
        "UTF-16 and UTF-32 are refused by name",
        arguments: [
            ("UTF-16", [0xFF, 0xFE, 0x61, 0x00]), ("UTF-16", [0xFE, 0xFF, 0x00, 0x61]),
            ("UTF-16", [0x61, 0x00, 0x3A, 0]),
            ("UTF-32", [0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0]),
        ] as [(String, [UInt8])])
    func otherEncodings(name: String, bytes: [UInt8]) async {
        let loaded = await ManifestLoader(standardInput: { Data(bytes) }).load(["-"])
        #expect(loaded.errorCount == 1 && loaded.complaints.first?.found.contains(name) == true)
        #expect(loaded.complaints.first?.hint?.contains("UTF-8") == true)
    }

    @Test("a merge that nobody has finished is one error at its first marker")
    func conflicts() async throws {
        let fleet = try Fleets.yaml(1)
        let yaml = fleet + "<<<<<<< HEAD\n" + "  - {eid: 1}\n=======\n  - {eid: 2}\n>>>>>>> other\n"
        let loaded = await ManifestTests.load(yaml)
        #expect(loaded.errorCount == 1, "\(loaded.complaints.map(\.text))")
        #expect(loaded.complaints.first?.found.contains("merge conflict") == true)
        #expect(loaded.complaints.first?.place?.line == fleet.count { $0 == "\n" } + 1)
    }

    @Test(
        "lines are those of editors, also behind U+2028, U+0085 and a lone CR",
        arguments: [
            "\u{2028}", "\u{2029}", "\u{85}", "\r", "\r\n", "\u{2028}\u{2028}x\u{85}",
        ])
    func lines(stray: String) async throws {
        let head = "apiVersion: profilectl/v1\nkind: ProfileSet\nmetadata: {name: a}\n"
        let yaml = head + "defaults: {accountName: \"1\", labels: {a: \"x\(stray)y\"}, stat: x}\ndevicse: []\n"
        let loaded = await ManifestTests.load(yaml)
        let lines = yaml.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map(String.init)
        for key in ["stat: x", "devicse"] {
            let index = try #require(lines.firstIndex { $0.contains(key) })
            let start = try #require(lines[index].range(of: key)?.lowerBound)
            let column =
                lines[index].unicodeScalars.distance(from: lines[index].unicodeScalars.startIndex, to: start) + 1
            #expect(
                loaded.complaints.contains {
                    $0.rule == .unknownKey && $0.place?.line == index + 1 && $0.place?.column == column
                }, "\(key): \(loaded.complaints.map(\.text)), expected \(index + 1):\(column)")
        }
    }

    @Test("settings, saved plans and documents of others in a folder are skipped with a note")
    func others() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(2))
        let settings = try folder.write("profilectl.yaml", "state: sqlite:x.db\ncallbacks: {listen: 127.0.0.1:1}\n")
        try folder.write(
            "k8s.yaml",
            "apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n---\n" + (try Fleets.yaml(1, name: "b", from: 5)))
        let plan = try folder.write("plan.yaml", "{\"format\":\"profilectl-plan\"}\n{\"a\":1}\n")
        let loaded = await ManifestLoader().load([folder.path])
        #expect(loaded.complaints.map(\.text) == [])
        #expect(loaded.fleet.devices.count == 3)
        #expect(
            loaded.notes.map(\.reason).sorted() == [
                "it holds settings of profilectl", "it is a document of another kind, ConfigMap", "it is a saved plan",
            ])
        for (path, words) in [(settings, "settings of profilectl"), (plan, "a saved plan")] {
            let named = await ManifestLoader().load([path])
            #expect(named.errorCount == 1, "\(named.complaints.map(\.text))")
            #expect(named.complaints.first?.found == words)
        }
        try folder.write("fleet.yaml", "apiVersion: profilctl/v1\nkind: ProfileSet\n")
        #expect(await ManifestLoader().load([folder.path]).hasErrors, "a slip is no other kind")
    }

    @Test("a file without a document is named with a place")
    func empty() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("empty.yaml", "# nothing\n")
        let complaint = try #require(await ManifestLoader().load([path]).complaints.first)
        #expect(complaint.found.contains("no document") && complaint.place?.file == path)
    }
}

extension Data {
    fileprivate func replacing(_ text: String, with bytes: [UInt8]) -> Data {
        guard let range = range(of: Data(text.utf8)) else { return self }
        return self[..<range.lowerBound] + Data(bytes) + self[range.upperBound...]
    }
}
