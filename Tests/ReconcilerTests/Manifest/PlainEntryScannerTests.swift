import Foundation
import Testing

@testable import Reconciler

@Suite("Reading plain entries without libyaml")
struct PlainEntryScannerTests {
    /// An event of a tape as a text.
    private static func events(_ tape: YAMLTape) -> [String] {
        tape.events.map { event in
            event.kind == .end ? "end" : "\(event.kind) \(event.line):\(event.column) \(tape.text(event))"
        }
    }

    private static let head = "devices:\n"

    /// What the scanner gives for each entry that it takes, from the first one on.
    private func scanned(_ list: String, dashColumn: Int) -> [[String]] {
        let text = ManifestText(Data((Self.head + list).utf8))
        var scanner = PlainEntryScanner(text, dashColumn: dashColumn, position: Self.head.utf8.count, line: 2)
        var tape = YAMLTape()
        var entries: [[String]] = []
        while scanner.scan(onto: &tape) { entries.append(Self.events(tape)) }
        return entries
    }

    /// What libyaml gives for each entry, up to the end of the list or the first thing that is no YAML.
    private func parsed(_ list: String) -> [[String]] {
        var composer = YAMLComposer(ManifestText(Data((Self.head + list).utf8)), limits: ManifestLimits())
        var tape = YAMLTape()
        var entries: [[String]] = []
        do {
            for _ in 0..<5 { _ = try composer.next() }
            while try composer.record(try composer.next(), depth: 2, on: &tape) { entries.append(Self.events(tape)) }
        } catch {
            entries.append(["\(error)"])
        }
        return entries
    }

    @Test(
        "plain entries are taken, all but the last one",
        arguments: [
            "- eid: 1\n  iccid: 2\n",
            "- eid: \"1\"\n  iccid: '2'\n  state: downloaded-enabled   \n",
            "- labels: {a: b, c: \"d.e\" , f: 'g'}\n  eid: 12\n",
            "- eid: 12\n  labels:\n      site: phoenix-7\n      team: \"\"\n  iccid: 3\n",
            "- labels:\n    a: b\n",
        ])
    func plain(entry: String) {
        for dashColumn in [0, 2, 5] {
            let indented = entry.split(separator: "\n").map { String(repeating: " ", count: dashColumn) + $0 + "\n" }
            let list = String(repeating: indented.joined(), count: 3)
            let scanned = scanned(list, dashColumn: dashColumn)
            #expect(scanned.count == 2)
            #expect(scanned == Array(parsed(list).prefix(2)))
        }
    }

    @Test(
        "what is not plain is left to libyaml",
        arguments: [
            "- eid: 1\n   2\n", "- eid: 1\n\n  iccid: 2\n", "- eid: 1 # one\n", "- eid: 1\r\n", "- eid: 1\n  # two\n",
            "- eid: &a 1\n", "- eid: *a\n", "- <<: *a\n", "- eid: |\n    1\n", "- \"eid\": 1\n", "- {eid: 1}\n",
            "-\n  eid: 1\n",
            "-  eid: 1\n", "- eid:\n", "- eid: \"1\n    2\"\n", "- eid: 1:2\n", "- eid: ü\n", "- eid: [1]\n",
            "- eid: 1\n\t\n",
            "- eid: !!str 1\n", "- labels: {a: b\n    }\n", "- labels: {a: [b]}\n", "- labels: {a}\n",
            "- labels:\n    a:\n      b: c\n",
            "- labels:\n     a: b\n    c: d\n", "- eid: \"1\"2\n", "- eid: '1''2'\n", "- eid: 1\n - iccid: 2\n",
            "- ? eid\n  : 1\n", "- eid: 1\0\n",
            "- eid: 1\u{7F}\n",
        ])
    func other(entry: String) {
        #expect(scanned(entry + entry, dashColumn: 0).isEmpty)
    }

    @Test("whatever is taken is what libyaml gives", arguments: 1...40)
    func same(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "\n", " ", "  ", "\t", "\r", "#", "# x", ":", ": ", "-", "- ", "---", "...", "\"", "'", "{", "}", "[", ",",
            "&a ",
            "*a", "|", ">", "\\", "ü", "\u{85}", "\u{2028}", "\u{FEFF}", "!", "%", "@", "`", "?", "? ", "<<", "~",
            "null", "0",
            "eid", "labels: {a: b}", "\n  ", "\n- ", "\n    x: y",
        ]
        var taken = 0
        for _ in 0..<400 {
            let dashColumn = Int.random(in: 0...2, using: &random)
            var lines: [String] = []
            for number in 0..<4 {
                lines.append("- eid: \(Bool.random(using: &random) ? "\(number)" : "\"\(number)\"")")
                if Bool.random(using: &random) { lines.append("  state: downloaded-enabled") }
                if Bool.random(using: &random) { lines.append("  labels: {site: a-\(number), b: 'c'}") }
                if Bool.random(using: &random) { lines += ["  labels:", "    site: x"] }
            }
            var list = lines.map { String(repeating: " ", count: dashColumn) + $0 + "\n" }.joined()
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let place = list.index(list.startIndex, offsetBy: Int.random(in: 0...list.count, using: &random))
                if Bool.random(using: &random), place < list.endIndex {
                    list.remove(at: place)
                } else {
                    list.insert(contentsOf: pieces.randomElement(using: &random) ?? "", at: place)
                }
            }
            let scanned = scanned(list, dashColumn: dashColumn)
            taken += scanned.count
            #expect(scanned == Array(parsed(list).prefix(scanned.count)), "seed \(seed): \(list.debugDescription)")
        }
        #expect(taken > 300, "seed \(seed)")
    }
}
