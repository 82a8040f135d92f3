import Foundation
import Testing

@testable import Reconciler

/// Made-up manifests, whole and damaged: the fast path must say what the reference reader says. `FUZZ_SEED` and
/// `FUZZ_CASES` choose others and more.
@Suite("Fuzzed manifests")
struct ManifestFuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seed = environment["FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
    private static let cases = min(environment["FUZZ_CASES"].flatMap { Int($0) } ?? 60, 10_000_000)

    private func load(_ bytes: [UInt8], partSize: Int, stretch: Int) async -> LoadedManifest {
        var limits = ManifestLimits()
        limits.partSize = partSize
        limits.partsReadAhead = 2
        limits.libyamlStretch = stretch
        return await ManifestLoader(limits: limits, standardInput: { Data(bytes) }).load(["-"])
    }

    private func devices(_ loaded: LoadedManifest) -> [String] {
        loaded.fleet.devices.map { device in
            let labels = loaded.fleet.labels(of: device).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            return "\(device.key) \(device.state) \(loaded.fleet.accountName(of: device)) "
                + "\(loaded.fleet.place(of: device)) \(device.imei?.description ?? "-") \(labels)"
        }
    }

    @Test("the fast path finds the same devices and the same first diagnostic as libyaml alone")
    func fastPath() async throws {
        for number in 0..<Self.cases {
            let seed = Self.seed &+ UInt64(number)
            var random = SeededGenerator(seed: seed)
            var bytes = Array(try text(&random).utf8)
            if number % 3 != 0 { damage(&bytes, &random) }
            let reference = await load(bytes, partSize: 1 << 30, stretch: 1)
            let partSize = Int.random(in: 64...2000, using: &random)
            let fast = await load(bytes, partSize: partSize, stretch: [1, 300].randomElement(using: &random) ?? 1)
            #expect(fast.complaints.first?.text == reference.complaints.first?.text, "FUZZ_SEED=\(seed) FUZZ_CASES=1")
            #expect(fast.errorCount == reference.errorCount, "FUZZ_SEED=\(seed) FUZZ_CASES=1")
            if !reference.hasErrors {
                #expect(devices(fast) == devices(reference), "FUZZ_SEED=\(seed) FUZZ_CASES=1")
            }
        }
    }

    private func text(_ random: inout SeededGenerator) throws -> String {
        let indent = String(repeating: " ", count: Int.random(in: 0...2, using: &random))
        let end = ["\n", "\n", "\r\n"].randomElement(using: &random) ?? "\n"
        var lines = ["apiVersion: profilectl/v1", "kind: ProfileSet", "metadata: {name: a}"]
        lines.append("defaults: &d {accountName: \"1\", smsrOid: 1.2, state: downloaded-enabled}")
        lines.append("devices:")
        for _ in 0..<Int.random(in: 20...80, using: &random) {
            let number = Int.random(in: 0..<500, using: &random)
            let (eid, iccid) = (try Fleets.eid(number), try Fleets.iccid(number))
            let forms: [[String]] = [
                ["eid: \"\(eid)\"", "  iccid: \(iccid)"], ["eid: \(eid)", "  iccid: '\(iccid)'", "  labels: {a: b}"],
                ["{eid: \(eid), iccid: \(iccid)}"],
                ["eid: \(eid)", "  iccid: \(iccid)", "  labels:", "    site: x-\(number)"],
                ["{<<: *d, eid: \(eid), iccid: \(iccid)}"], ["eid: \(eid) # x", "  iccid: \(iccid)"],
                ["eid: \(eid)", "", "  iccid: \(iccid)"],
                ["eid: \(eid)", "  iccid: \(iccid)", "  labels: {\u{E4}: \u{2028}}"],
                ["eid: \(eid)", "  iccid: \(iccid)", "  sate: x"], ["eid: \(number)", "  iccid: \(number)"],
                ["eid: \(eid)", "  iccid: \(iccid)", "  accountName: |", "    - eid: 1"],
            ]
            let entry = forms[
                min(Int.random(in: 0..<forms.count * 2, using: &random), forms.count * 2 - 1) % forms.count]
            lines += entry.enumerated().map { $0.offset == 0 ? "\(indent)- \($0.element)" : indent + $0.element }
        }
        if Bool.random(using: &random) { lines.append("rollout: {batchSize: 7}") }
        return lines.joined(separator: end) + end
    }

    private func damage(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let alphabet = Array("{}[]:,-&*!|>'\"%@`#?~ \n\t\r<\\09az".utf8) + [0xC3, 0x85, 0xFF, 0x00]
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            let byte = alphabet.randomElement(using: &random) ?? 0x20
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes.remove(at: index)
            case 1: bytes[index] = byte
            case 2: bytes.insert(byte, at: index)
            default:
                let end = min(bytes.count, index + Int.random(in: 1...200, using: &random))
                bytes.insert(contentsOf: Array(bytes[index..<end]), at: index)
            }
        }
    }
}
