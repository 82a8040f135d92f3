import Foundation

/// The tables of one run of all benchmarks, as Markdown.
struct Report {
    private var sections: [String] = []

    mutating func add(_ title: String, _ note: String, header: [String], rows: [[String]]) {
        var lines = ["## \(title)", "", note, ""]
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        lines.append(line(header))
        lines.append("|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|")
        lines += rows.map(line)
        let text = lines.joined(separator: "\n")
        print(text + "\n")
        sections.append(text)
    }

    func write(to path: String, rounds: Int) throws {
        let text = """
            # Benchmarks

            Made by `make bench` on \(Self.date), on \(Self.machine). Medians of \(rounds) runs, each beside its \
            yardstick in turn; the ratio is what counts, since machines and hours differ.


            """ + sections.joined(separator: "\n\n") + "\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private static var date: String { String(ISO8601DateFormatter().string(from: Date()).prefix(10)) }

    private static var machine: String {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let name = information.split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ":").last
        let memory = ProcessInfo.processInfo.physicalMemory >> 30
        return "\(ProcessInfo.processInfo.activeProcessorCount) cores of "
            + "\((name ?? "an unknown processor").trimmingCharacters(in: .whitespaces)), \(memory) GiB, Linux"
    }
}

extension Double {
    func text(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }

    /// Seconds, with as many digits as mean something.
    var secondsText: String { self < 0.1 ? "\((self * 1000).text(1)) ms" : "\(text(2)) s" }
}

extension Int {
    /// Bytes in MB.
    var memoryText: String { self == 0 ? "" : "\((Double(self) / 1e6).text(0)) MB" }

    var grouped: String {
        String(String(self).reversed().enumerated().flatMap { $0 > 0 && $0 % 3 == 0 ? [",", $1] : [$1] }.reversed())
    }
}
