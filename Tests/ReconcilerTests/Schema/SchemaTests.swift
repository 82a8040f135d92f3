import Foundation
import Testing

@testable import Reconciler

@Suite("The JSON Schemas")
struct SchemaTests {
    private static let manifest = ShapeWalk(
        shape: ManifestShape.document,
        companions: ["devices": "defaults: {accountName: \"1\", smsrOid: 1.2, state: downloaded-enabled}"])
    private static let settings = ShapeWalk(shape: SettingsShape.top)

    /// Values of all kinds, as they are written in a flow mapping.
    private static let common = [
        "x", "'a b'", "''", "' '", "~", "null", "'~'", "true", "'true'", "yes", "1", "'1'", "1.5", "-1", "0012", "5%",
        "30s",
        "1.2.3", "2026-11-24", "[]", "[~]", "[x]", "{}", "{a: b}",
    ]
    private static let numbers = [
        "0", "'0'", "'-1'", "5", "1_000", "100", "101", "'100'", "'101'", "200", "201", "'200'", "'201'", "10000",
        "10001",
        "'10000'", "'10001'", "1000000", "1000001", "'1000000'", "'1000001'", "1000000000", "1000000001",
        "'1000000001'",
        "0x1f", "1e3", "+5", "1.0", "5.", ".5",
    ]
    private static let identifiers = [
        "'0012'", "9999999999999", "99999999999999", "'99999999999999'", "9999999999999999", "10000000000000000",
        "'99999999999999999'", "99999999999999999999", "100000000000000000000", "'100000000000000000000'",
        "99999999999999999999999999999999", "100000000000000000000000000000001", "'00000000000000000000000000000001'",
        "'000000000000000000000000000000001'", "0x1f", "1e3", "+5", "1.0",
    ]
    private static let shares = [
        "%", "'5 %'", "' 5%'", "0%", "100%", "100.0%", "100.1%", "101%", "30.5%", ".5%", "5.%", "-5%", "5%5",
    ]
    private static let decimals = ["'0.0'", "'0.5'", ".5", "'.5'", "5.", "'5.'", "'.'", "'10000.5'"]
    private static let durations = [
        "15m", "6h", "2d", "500ms", "1.5h", "0s", "-1s", "30", "'30'", "30 s", "1x", "s", "999999999s", "1000000000s",
    ]
    private static let texts = [
        "\"a'b\"", "<b", "'a\\b'", "'a:b'", "a-b", "1..2", "1.2.", "'1.2'", ".5", "+5", "False",
    ]
    private static let collections = [
        "[[]]", "{a: ~}", "{a: [b]}", "{a: 1, b: true}", "[1%, 10%]", "[5, 10]", "{failed: 5%}",
        "{failed: 20, atLeast: 3}",
        "{atLeast: 3}", "{failed: }", "{csv: a.csv}", "{certificate: a, key: b}", "{certificate: a}", "[{csv: a.csv}]",
        "{name: a}", "{name: a, x: b}", "[{eid: 1, iccid: 2}]", "[{eid: 1}]",
    ]

    /// What is tried where such a value stands.
    private static func values(for shape: ValueShape?) -> [String] {
        let own: [String] =
            switch shape {
            case .words(let words): words + ["'\(words.first ?? "")'", "X"]
            case .text, .form, .truth, .objectIdentifier: texts
            case .digits: identifiers
            case .whole: numbers
            case .positive: numbers + decimals
            case .percent: shares
            case .amount: shares + numbers
            case .duration: durations
            case .labels, .someLabels, .list, .mapping: collections
            case .either: shares + numbers + collections
            case .anything, nil: []
            }
        return common + own
    }

    /// Where a schema cannot follow the decoder. Editors read numbers as numbers: those that are spelt in another way
    /// than by digits alone are refused by us and look the same to them, and leading zeros are gone.
    private static func isBeyondSchema(_ place: ShapeWalk.Place, _ value: String) -> Bool {
        switch value {
        case "0x1f", "1e3", "+5", "1.0", "5.", ".5":
            ["eid", "iccid", "imei", "batchSize", "maxInFlight", "atLeast", "failed", "maximumAttempts", "waves"]
                .contains(place.keys.last { $0 != "[]" })
                || (place.keys.last == "requestsPerSecond" && ["0x1f", "1e3", "+5"].contains(value))
                || (place.keys.last == "smsrOid" && ["1.0", ".5"].contains(value))
                || (place.keys == ["metadata", "name"] && value == "+5")
        case "False": ["behindProxy", "v1", "v2"].contains(place.keys.last)
        // Too long a time.
        case "999999999s":
            ["stateTimeout", "history", "every", "drainTimeout", "manifestInterval"].contains(place.keys.last)
                || place.keys.first == "convergence"
        case "6h" where ["stateTimeout", "drainTimeout"].contains(place.keys.last),
            "1.5h" where ["stateTimeout", "drainTimeout"].contains(place.keys.last),
            "2d" where ["stateTimeout", "drainTimeout", "manifestInterval"].contains(place.keys.last):
            true
        // Too short a time.
        case "30s": [["refresh", "every"], ["history"]].contains(place.keys)
        case "500ms", "0s": [["refresh", "every"], ["serve", "manifestInterval"], ["history"]].contains(place.keys)
        case "15m", "6h", "2d", "1.5h": place.keys == ["history"]
        default: false
        }
    }

    /// Compares what the decoder and the schema say of each key with each value.
    private func compare(
        _ walk: ShapeWalk, _ schema: SchemaValue, isRefused: (String) async throws -> Bool
    ) async throws {
        let cases = walk.places.flatMap { place in Self.values(for: place.value).map { (place, $0) } }
        let documents = cases.map { walk.document($0, $1) }
        let refusals = try await SchemaCheck.refusals(of: documents, by: schema)
        for (number, (place, value)) in cases.enumerated() where !Self.isBeyondSchema(place, value) {
            let isRefused = try await isRefused(documents[number])
            #expect(
                isRefused == (refusals[number] != nil),
                "\(place) = \(value): \(isRefused ? "the decoder alone refuses" : refusals[number] ?? "")")
        }
        #expect(!refusals.isEmpty && refusals.count < cases.count)
    }

    @Test("for each key of a manifest the schema takes and refuses the values that the decoder takes and refuses")
    func manifestValues() async throws {
        try await compare(Self.manifest, ManifestShape.schema) { yaml in
            await ManifestTests.load(yaml + "\n").complaints.contains {
                // Whether a CSV is there is no matter of form.
                $0.severity == .error && !$0.found.hasSuffix("which cannot be read")
                    && !$0.found.hasSuffix("which is no file")
            }
        }
    }

    @Test("for each key of the settings the schema takes and refuses the values that the decoder takes and refuses")
    func settingsValues() async throws {
        let folder = try TemporaryFolder()
        try await compare(Self.settings, SettingsShape.schema) { yaml in
            let file = try folder.write("profilectl.yaml", yaml)
            return (try? Settings.load(path: file, environment: [:])) == nil
        }
    }

    @Test("each mapping of a manifest and of the settings has the keys in its schema that its decoder knows")
    func keys() async throws {
        let folder = try TemporaryFolder()
        for (place, shape) in Self.manifest.mappings {
            let yaml = unknownKey(Self.manifest, place)
            let complaints = await ManifestTests.load(yaml).complaints.map(\.expected)
            let expected = "one of \(shape.keys.joined(separator: ", "))"
            #expect(complaints.contains(expected), "\(place): \(complaints)")
        }
        for (place, shape) in Self.settings.mappings {
            let file = try folder.write("profilectl.yaml", unknownKey(Self.settings, place))
            let error = try #require(throws: SettingsError.self) { try Settings.load(path: file, environment: [:]) }
            let expected = "expected one of \(shape.keys.joined(separator: ", "))"
            #expect(error.description.contains(expected), "\(place): \(error)")
        }
    }

    private func unknownKey(_ walk: ShapeWalk, _ place: ShapeWalk.Place) -> String {
        place.keys.isEmpty ? "{zzzzzzzzz: 1}" : walk.document(place, "{zzzzzzzzz: 1}")
    }

    /// Malformed manifests that are well-formed as far as one document can tell.
    private static let malformedBeyondSchema = [
        // Numbers in another notation.
        "eid: 1.0", "eid: 0x1",
        // Growing shares, other files, other documents.
        "waves: [10%, 5%]", "{labels: {site: lab}}, 5%]", "nowhere.csv", "---\n",
        // Values that say the same as another one.
        "- {labels: {a: b}}", "days: [mon-mon]", "from: 22:00, to: 22:00",
    ]

    @Test("the schema refuses every malformed manifest, but for what one document cannot tell")
    func malformed() async throws {
        let cases = MalformedManifestTests.byHand.map(\.0)
        let refusals = try await SchemaCheck.refusals(of: cases, by: ManifestShape.schema)
        let accepted = cases.indices.filter { refusals[$0] == nil }.map { cases[$0] }
        for yaml in accepted {
            #expect(Self.malformedBeyondSchema.contains { yaml.contains($0) }, "\(yaml)")
        }
        #expect(accepted.count <= 10, "\(accepted)")
    }

    @Test("every example names the schema in its first line, by a path that exists, and is accepted")
    func examples() async throws {
        let folder = Repository.path + "/examples"
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { name in
            guard name.hasSuffix(".yaml") || name.hasSuffix(".yml") else { return false }
            let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            return text?.contains("kind: ProfileSet") ?? false
        }
        #expect(names.count >= 5)
        let texts = try names.map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
        for (name, text) in zip(names, texts) {
            let line = try #require(text.split(separator: "\n").first)
            let path = String(line.replacing("# yaml-language-server: $schema=", with: ""))
            let schema = URL(fileURLWithPath: "\(folder)/\(name)").deletingLastPathComponent().appendingPathComponent(
                path)
            #expect(schema.standardizedFileURL.path == Repository.path + "/docs/schema/profileset.json", "\(name)")
        }
        let refusals = try await SchemaCheck.refusals(of: texts, by: ManifestShape.schema)
        #expect(refusals.isEmpty)
    }

    @Test("docs/schema holds what `profilectl schema` prints (`make schema` writes it anew)")
    func kept() async throws {
        for (name, options) in [("profileset", []), ("settings", ["--settings"])] {
            let printed = try await Binary.run(["schema"] + options, in: "/")
            let kept = try String(contentsOfFile: Repository.path + "/docs/schema/\(name).json", encoding: .utf8)
            #expect(printed.output == kept, "\(name)")
        }
    }

    @Test("every key has a description, and its examples are accepted")
    func documented() async throws {
        for (walk, schema) in [(Self.manifest, ManifestShape.schema), (Self.settings, SettingsShape.schema)] {
            var documents: [String] = []
            for (place, shape) in walk.mappings {
                for member in shape.members {
                    #expect(member.description.hasSuffix("."), "\(place).\(member.key)")
                    let own = ShapeWalk.Place(keys: place.keys + [member.key])
                    documents += try member.examples.map { walk.document(own, try $0.document()) }
                }
            }
            #expect(documents.count >= 5)
            #expect(try await SchemaCheck.refusals(of: documents, by: schema).isEmpty)
        }
    }
}
