import Foundation
import Simulator

@testable import Reconciler

/// What each carrier leads to, as a page for people.
struct CarrierTable: Sendable {
    let outcomes: [CarrierOutcome]

    init(_ outcomes: [CarrierOutcome]) {
        self.outcomes = outcomes
    }

    var text: String {
        get throws {
            let sentences = try Self.sentences()
            let kinds = CarrierCell.RunKind.allCases.flatMap { run in
                CarrierCell.StoreKind.allCases.map { (run: run, store: $0) }
            }
            var lines = [heading]
            lines.append(
                Self.row(
                    ["carrier", "what it does badly"] + kinds.map { "\($0.run.rawValue), \($0.store.rawValue)" }))
            lines.append(Self.row(Array(repeating: "---", count: kinds.count + 2)))
            for behavior in CarrierBehavior.allCases {
                let own = outcomes.filter { $0.cell.behaviors == [behavior] }
                guard !own.isEmpty else { continue }
                lines.append(
                    Self.row(
                        ["`\(behavior.rawValue)`", sentences[behavior.rawValue] ?? ""]
                            + kinds.map { kind in
                                own.first { $0.cell.run == kind.run && $0.cell.store == kind.store }?.shortText ?? "-"
                            }))
            }
            return lines.joined(separator: "\n") + "\n"
        }
    }

    private var heading: String {
        let doubled = outcomes.reduce(0) { $0 + $1.counts.repeatedDownloads + $1.recoveryDownloads }
        let downloads = outcomes.reduce(0) { sum, outcome in
            sum
                + outcome.counts.acceptedDevices.filter { $0.key.hasPrefix("download") }.values.reduce(0, +)
        }
        return """
            # Carriers that behave badly

            Made by `make carriers`, which has the simulator behave in each of these ways (`--carrier-fault NAME`) in each kind of run and with each kind of store, \(CarrierStart.deviceCount) devices at a time. \(outcomes.count) runs, \(downloads) downloads, \(doubled) of them of a profile that was there already.

            A cell says how many devices are in the desired state in truth when the run has ended, and how many do not have it ("wait"): each of these is named with its reason, or people have changed it behind the store's back since its records were read last, which only the next reading can show (up to three devices of a warm store and those of a restored one). The runs are cut short after seconds, so that a device waits here that a longer run would still converge. The stores: *empty*, some profiles are there already; *warm*, an earlier run has converged most devices and people have changed some since; *restored*, a backup of before most of the downloads is put back; *other machine*, nothing is known and another machine has downloaded most of the profiles.

            """
    }

    private static func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }

    /// What each carrier does badly, as the simulator's source says it.
    private static func sentences() throws -> [String: String] {
        let path = Repository.path + "/Sources/Simulator/Faults/CarrierBehavior.swift"
        var sentences: [String: String] = [:]
        var sentence: [String] = []
        for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.hasPrefix("/// ") {
                sentence.append(String(text.dropFirst(4)))
            } else if text.hasPrefix("case "), let name = text.split(separator: "\"").dropFirst().first {
                sentences[String(name)] = withoutEntry(sentence.joined(separator: " "))
                sentence = []
            } else {
                sentence = []
            }
        }
        return sentences
    }

    /// Without the number of the entry in a list of faults.
    private static func withoutEntry(_ sentence: String) -> String {
        guard let start = sentence.range(of: " (F"),
            let end = sentence.range(of: ")", range: start.upperBound..<sentence.endIndex)
        else { return sentence }
        return sentence.replacingCharacters(in: start.lowerBound..<end.upperBound, with: "")
    }
}

extension CarrierOutcome {
    fileprivate var shortText: String { waiting == 0 ? "\(converged)" : "\(converged), \(waiting) wait" }
}
