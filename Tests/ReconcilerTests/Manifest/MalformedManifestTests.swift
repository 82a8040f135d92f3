import Foundation
import Testing

@testable import Reconciler

@Suite("Malformed manifests")
struct MalformedManifestTests {
    /// Texts that are wrong, each with the line that must be named.
    static let byHand: [(String, Int)] = {
        let head = "apiVersion: profilectl/v1\nkind: ProfileSet\nmetadata: {name: a}\n"
        let full = head + "defaults: {accountName: \"1\", smsrOid: 1.2, state: downloaded-enabled}\n"
        func device(_ text: String) -> String { full + "devices:\n  - \(text)\n" }
        return [
            ("apiVersion: [", 2), ("a: b: c\n", 1), ("\tx: 1\n", 1), ("a: 'x\n", 2), ("a: \"x\n", 2), ("{a: b\n", 2),
            ("a: *nobody\n", 1), ("a: &x\n  b: *y\n", 2), ("- a\n- b\n", 1), ("just text\n", 1), ("42\n", 1),
            ("%YAML 9.9\n---\na: b\n", 1), ("a: |x\n  b\n", 1), ("? [a]\n: b\n", 1), ("a: @x\n", 1), ("a: `x\n", 1),
            ("kind: ProfileSet\nmetadata: {name: a}\n", 1), ("apiVersion: profilectl/v1\nmetadata: {name: a}\n", 1),
            ("apiVersion: profilectl/v1\nkind: ProfileSet\n", 1),
            ("apiVersion: profilectl/v2\nkind: ProfileSet\nmetadata: {name: a}\n", 1),
            ("apiVersion: profilectl/v1\nkind: ProfilSet\nmetadata: {name: a}\n", 2),
            ("apiVersion: profilectl/v1\nkind: ProfileSet\nmetadata: {nam: a}\n", 3),
            ("apiVersion: profilectl/v1\nkind: ProfileSet\nmetadata: {name: }\n", 3),
            ("apiVersion: profilectl/v1\nkind: ProfileSet\nmetadata: [a]\n", 3),
            ("apiVersion: profilectl/v1\nkind: ProfileSet\nmetadata: {name: 'a b'}\n", 3),
            (head + "device: []\n", 4), (head + "devices: {}\n", 4), (head + "devices: x\n", 4),
            (head + "devices:\n  - x\n", 5), (head + "devices:\n  - [x]\n", 5), (head + "devices:\n  - \n", 5),
            (head + "defaults: []\n", 4), (head + "defaults: {state: on}\n", 4),
            (head + "defaults: {state: downloaded-enable}\n", 4), (head + "defaults: {labels: x}\n", 4),
            (head + "defaults: {labels: {a: [b]}}\n", 4), (head + "defaults: {accountName: \"a'b\"}\n", 4),
            (head + "defaults: {accountName: \"<b\"}\n", 4), (head + "defaults: {accountName: 'a\\b'}\n", 4),
            (head + "defaults: {smsrOid: abc}\n", 4), (head + "defaults: {smsrOid: 1}\n", 4),
            (head + "defaults: {smsrOid: 1..2}\n", 4), (head + "kind: ProfileSet\n", 4),
            (head + "devices: []\ndevices: []\n", 5), (device("{eid: 1}"), 6), (device("{iccid: 1}"), 6),
            (device("{eid: x, iccid: 1}"), 6), (device("{eid: 1, iccid: x}"), 6), (device("{eid: [1], iccid: 1}"), 6),
            (device("{eid: {}, iccid: 1}"), 6), (device("{eid: , iccid: 1}"), 6), (device("{eid: ~, iccid: 1}"), 6),
            (device("{eid: \(String(repeating: "1", count: 33)), iccid: 1}"), 6),
            (device("{eid: 1, iccid: \(String(repeating: "1", count: 21))}"), 6),
            (device("{eid: 1, iccid: 1, state: enabled}"), 6), (device("{eid: 1, iccid: 1, sate: x}"), 6),
            (device("{eid: 1, iccid: 1, imei: 12}"), 6), (device("{eid: 1, iccid: 1, imei: 12345678901234567}"), 6),
            (device("{eid: 1, eid: 2, iccid: 1}"), 6), (device("{eid: 1, iccid: 1, <<: x}"), 6),
            (device("{eid: 1, iccid: 1, <<: [x]}"), 6), (device("{eid: -1, iccid: 1}"), 6),
            (device("{eid: 1.0, iccid: 1}"), 6), (device("{eid: 0x1, iccid: 1}"), 6),
            (device("{[1]: 2, eid: 1, iccid: 1}"), 6),
            (head + "devicesFrom: x\n", 4), (head + "devicesFrom: [{}]\n", 4), (head + "devicesFrom: [{cvs: a}]\n", 4),
            (head + "devicesFrom: [{csv: nowhere.csv}]\n", 4), (head + "devicesFrom: [{csv: []}]\n", 4),
            (head + "rollout: x\n", 4), (head + "rollout: {batchSize: 0}\n", 4),
            (head + "rollout: {batchSize: 201}\n", 4),
            (head + "rollout: {batchSize: ten}\n", 4), (head + "rollout: {maxInFlight: 0}\n", 4),
            (head + "rollout: {requestsPerSecond: 0}\n", 4), (head + "rollout: {requestsPerSecond: -1}\n", 4),
            (head + "rollout: {waves: 10%}\n", 4), (head + "rollout: {waves: [10%, 5%]}\n", 4),
            (head + "rollout: {waves: [x]}\n", 4), (head + "rollout: {waves: [101%]}\n", 4),
            (head + "rollout: {waves: [{labels: {}}]}\n", 4), (head + "rollout: {waves: [{labls: {site: lab}}]}\n", 4),
            (head + "rollout: {waves: [{}]}\n", 4), (head + "rollout: {waves: [{labels: lab}]}\n", 4),
            (head + "rollout: {waves: [10%, {labels: {site: lab}}, 5%]}\n", 4),
            (head + "rollout:\n  waves:\n    - {labels: {a: b}}\n    - {labels: {a: b}}\n", 7),
            (head + "rollout: {windows: }\n", 4), (head + "rollout: {windows: []}\n", 4),
            (head + "rollout: {windows: [{}]}\n", 4), (head + "rollout: {windows: [mon]}\n", 4),
            (head + "rollout: {windows: {days: [mon]}}\n", 4), (head + "rollout: {windows: [{days: mon}]}\n", 4),
            (head + "rollout: {windows: [{days: []}]}\n", 4), (head + "rollout: {windows: [{days: [mo]}]}\n", 4),
            (head + "rollout: {windows: [{days: [mon-mon]}]}\n", 4),
            (head + "rollout: {windows: [{days: [mon-fri-sun]}]}\n", 4),
            (head + "rollout: {windows: [{from: 22:00}]}\n", 4), (head + "rollout: {windows: [{to: 22:00}]}\n", 4),
            (head + "rollout: {windows: [{from: 22:00, to: 22:00}]}\n", 4),
            (head + "rollout: {windows: [{from: 24:00, to: 22:00}]}\n", 4),
            (head + "rollout: {windows: [{from: 22:00, to: 24:01}]}\n", 4),
            (head + "rollout: {windows: [{from: 9:00, to: 12:00}]}\n", 4),
            (head + "rollout: {windows: [{days: [mon], timeZone: EST}]}\n", 4),
            (head + "rollout: {windows: [{days: [mon], timeZone: +02:00}]}\n", 4),
            (head + "rollout: {windows: [{days: [mon], zone: UTC}]}\n", 4),
            (head + "rollout: {maxChange: 30}\n", 4), (head + "rollout: {maxChange: 130%}\n", 4),
            (head + "rollout: {abortWhen: {atLeast: 3}}\n", 4), (head + "rollout: {abortWhen: {failed: x}}\n", 4),
            (head + "rollout: {abortWhn: 1}\n", 4), (head + "devices:\n  - {eid: 1, iccid: 2}\n", 5),
            (head + "---\n" + head, 7),
        ]
    }()

    @Test("each has an error with a place", arguments: Array(byHand.indices))
    func byHandCase(index: Int) async throws {
        let (yaml, line) = Self.byHand[index]
        let loaded = await ManifestTests.load(yaml)
        #expect(loaded.hasErrors, "\(yaml)")
        #expect(
            loaded.complaints.contains { $0.severity == .error && $0.place?.line == line },
            "\(yaml)\n\(loaded.complaints.map(\.text))")
        #expect(loaded.complaints.allSatisfy { !$0.found.isEmpty && !$0.expected.isEmpty })
    }

    @Test("bytes that are no text are an error with a place")
    func notText() async {
        for bytes in [[0xFF, 0xFE, 0x00], [0x61, 0x3A, 0x20, 0xC3, 0x28], [0x00], [0x61, 0x3A, 0x20, 0x07]] as [[UInt8]]
        {
            let loaded = await ManifestLoader(standardInput: { Data(bytes) }).load(["-"])
            #expect(loaded.hasErrors)
        }
    }

    @Test("a mutated manifest is read or complained of with a place in it, and never crashes", arguments: 1...40)
    func mutations(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let original = Array(
            (try Fleets.yaml(
                5,
                rollout: """
                    rollout:
                      waves: [{labels: {a: b}}, 1%, 10%]
                      windows: [{days: [mon-fri, sun], from: "22:00", to: "04:00", timeZone: America/Phoenix}]
                      abortWhen: {failed: 5%, atLeast: 20}
                    """, imeis: true)
                + "  - &x {eid: 1, iccid: 2, labels: {a: b}}\n  - {<<: *x, eid: 3, iccid: 4}\n").utf8)
        let alphabet = Array("{}[]:,-&*!|>'\"%@`#?~ \n\t<\\09az".utf8)
        for _ in 0..<10 {
            var bytes = original
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes.remove(at: index)
                case 1: bytes[index] = alphabet.randomElement(using: &random) ?? 0x20
                default: bytes.insert(alphabet.randomElement(using: &random) ?? 0x20, at: index)
                }
            }
            let mutated = bytes
            let loaded = await ManifestLoader(standardInput: { Data(mutated) }).load(["-"])
            let lineCount = mutated.count { $0 == 0x0A } + 2
            for complaint in loaded.complaints where complaint.place != nil {
                #expect(1...lineCount ~= (complaint.place?.line ?? 0), "seed \(seed): \(complaint.text)")
                #expect((complaint.place?.column ?? 0) >= 1, "seed \(seed)")
            }
            #expect(loaded.errorCount == 0 || !loaded.complaints.isEmpty, "seed \(seed)")
        }
    }
}
