import Foundation
import Testing

@testable import Reconciler

@Suite("Complaints for code hosts")
struct ValidationFormatTests {
    private func complaint(_ file: String, found: String = "x") -> Complaint {
        Complaint(.error, .conflict, at: SourcePlace(file: file, line: 3, column: 5), found: found, expected: "y")
    }

    private func annotations(_ complaints: [Complaint]) -> [String] {
        WorkflowAnnotations(complaints, root: "/repo", directory: "/repo/fleets").lines
    }

    @Test("an annotation names the file as the repository does, the line and the column")
    func annotation() {
        #expect(
            annotations([complaint("./west/../a.yaml")]) == [
                "::error file=fleets/a.yaml,line=3,col=5,title=profilectl%3A conflict::found x, expected y"
            ])
        // A file outside of the repository has no line to be shown beside.
        #expect(
            annotations([complaint("/etc/a.yaml"), complaint("<stdin>")]) == [
                "::error title=profilectl%3A conflict::/etc/a.yaml:3:5: found x, expected y",
                "::error title=profilectl%3A conflict::<stdin>:3:5: found x, expected y",
            ])
        let unplaced = Complaint(.warning, .unreadable, at: nil, found: "no file", expected: "one")
        #expect(
            annotations([unplaced]) == ["::warning title=profilectl%3A unreadable::found no file, expected one"])
    }

    @Test("whatever a file is named and holds, an annotation is one line that reads back as it was", arguments: 1...20)
    func readBack(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("%:,\r\n=a ;25AD0é日\\::")
        func text() -> String { String((0..<12).map { _ in alphabet.randomElement(using: &random) ?? "x" }) }
        let file = text()
        let found = text()
        let line = try #require(annotations([complaint(file, found: found)]).first)
        #expect(!line.contains { $0.isNewline }, "seed \(seed)")
        let match = try #require(line.wholeMatch(of: #/::error (.*?)::(.*)/#), "seed \(seed): \(line)")
        let properties = match.1.split(separator: ",").map { $0.split(separator: "=", maxSplits: 1) }
        #expect(properties.map { $0.first ?? "" } == ["file", "line", "col", "title"], "seed \(seed)")
        func decoded(_ text: Substring?) -> String? { text.map(String.init)?.removingPercentEncoding }
        #expect(decoded(properties.first?.last) == "fleets/" + file, "seed \(seed)")
        #expect(decoded(match.2) == "found \(found), expected y", "seed \(seed)")
    }

    /// The part of the SARIF 2.1.0 schema that is made use of, with what the standard requires.
    private func schema() throws -> String {
        try String(decoding: Repository.sample("sarif-2.1.0-part.schema"), as: UTF8.self)
    }

    @Test("SARIF fits its schema for every malformed manifest, with places and rules that exist", Tool.python.isThere)
    func sarif() async throws {
        let folder = try TemporaryFolder()
        for (index, (yaml, _)) in MalformedManifestTests.byHand.enumerated() {
            try folder.write("odd #%: ü/\(index).yaml", yaml)
        }
        let loaded = await ManifestLoader().load([folder.path, folder.path + "/nowhere.yaml"])
        let document = SARIFDocument(loaded, toolVersion: "1.2.3", root: folder.path, directory: "/")
        let text = String(decoding: try JSONEncoder().encode(document), as: UTF8.self)
        #expect(try await JSONSchemaCheck.complaints(of: text, schema: try schema()) == "")
        let run = try #require(try JSONValue(json: Array(text.utf8))["runs"]?.elements.first)
        let results = try #require(run["results"]?.elements)
        let rules = run["tool"]?["driver"]?["rules"]?.elements.compactMap { $0["id"]?.text } ?? []
        let placed = loaded.complaints.filter { $0.place != nil }
        #expect(results.count == placed.count)
        let invocation = run["invocations"]?.elements.first
        #expect(invocation?["executionSuccessful"]?.bool == false)
        #expect(invocation?["toolExecutionNotifications"]?.elements.count == loaded.complaints.count - placed.count)
        for (result, complaint) in zip(results, placed) {
            #expect(result["message"]?["text"]?.text == complaint.message)
            #expect(result["level"]?.text == complaint.severity.rawValue)
            #expect(result["ruleId"]?.text == complaint.rule.rawValue)
            #expect(rules[Int(result["ruleIndex"]?.text ?? "") ?? -1] == complaint.rule.rawValue)
            guard let place = complaint.place else { continue }
            let location = result["locations"]?.elements.first?["physicalLocation"]
            #expect(location?["region"]?["startLine"]?.text == "\(place.line)")
            #expect(location?["region"]?["startColumn"]?.text == "\(place.column)")
            let uri = try #require(location?["artifactLocation"]?["uri"]?.text)
            #expect(uri.hasPrefix("odd%20%23%25%3A%20%C3%BC/"))
            #expect(uri.removingPercentEncoding.map { folder.path + "/" + $0 } == place.file)
        }
        let kinds = Set(loaded.complaints.map(\.rule))
        #expect(kinds.isSuperset(of: [.syntax, .unknownKey, .missingValue, .invalidValue]), "\(kinds)")
    }

    @Test("text of a file is neither a link in SARIF nor a command or a sign that a terminal obeys")
    func outsideText() async throws {
        let evil = complaint("a.yaml", found: "`[click](https://evil.example)\u{202E}\u{9B}2J\n::error::x`")
        let folder = try TemporaryFolder()
        let key = #""[click](https://evil.example)\u202E\e[2J""#
        try folder.write("a.yaml", "apiVersion: profilectl/v1\nkind: ProfileSet\nmetadata: {name: x}\n\(key): 1\n")
        let loaded = await ManifestLoader().load([folder.path])
        let document = SARIFDocument(loaded, toolVersion: "1", root: "/", directory: "/")
        let text = try #require(document.runs.first?.results.first?.message.text)
        #expect(text.contains(#"[click\](https"#) && text.visible == text)
        #expect(evil.text.visible == evil.text)
        let line = try #require(annotations([evil]).first)
        #expect(line.visible == line && !line.contains("\n"))
        let excerpt = SourceExcerpt(line: "::error::" + String(repeating: "\u{301}", count: 100_000), column: 3)
        #expect(excerpt.line.unicodeScalars.count < 110)
    }

    @Test("validate prints both, with exit code 1 for errors, relative to GitHub's workspace if there is one")
    func commands() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleets/a.yaml", "apiVersion: profilectl/v1\nkind: ProfileSet\nmetadta: {name: x}\n")
        let github = try await Binary.run(
            ["validate", "a.yaml", "--format", "github"], in: folder.path + "/fleets",
            environment: ["GITHUB_WORKSPACE": folder.path])
        #expect(github.exitCode == 1)
        #expect(github.output.contains("::error file=fleets/a.yaml,line=3,col=1,title=profilectl%3A unknown-key::"))
        #expect(github.output.contains("Not valid."))
        let sarif = try await Binary.run(["validate", "fleets", "--format", "sarif"], in: folder.path)
        #expect(sarif.exitCode == 1)
        #expect(sarif.output.contains(#""uri" : "fleets/a.yaml""#))
        let good = try await Binary.run(
            ["validate", Repository.path + "/examples", "--format", "sarif"], in: Repository.path)
        #expect(good.exitCode == 0)
        #expect(good.output.contains(#""results" : ["#))
    }
}
