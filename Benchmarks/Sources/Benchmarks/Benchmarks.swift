import ArgumentParser
import Foundation

@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures profilectl beside yardsticks and other tools.",
        discussion: "`make bench` builds and runs it, and keeps the table in docs/benchmarks.md.")

    @Option(help: "Devices in the largest fleet.")
    var devices = 1_000_000

    @Option(help: "How often each case is run.")
    var rounds = 5

    @Option(help: "The cases to run: plans, start, state, callbacks, apply, others. All without it.")
    var only: [String] = []

    @Option(help: "Where the table is kept; nowhere without it.")
    var out: String?

    func run() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/profilectl-bench-\(UUID().uuidString)"
        let tools = try Tools(folder: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var report = Report()
        func wants(_ name: String) -> Bool { only.isEmpty || only.contains(name) }
        if wants("plans") {
            let sizes = [10_000, 100_000, 1_000_000].filter { $0 < devices } + [devices]
            try await PlanCases(tools: tools, rounds: rounds).run(sizes: sizes, into: &report)
        }
        if wants("start") { try await StartCases(tools: tools, rounds: rounds).run(into: &report) }
        if wants("state") { try await StateCases(tools: tools, rounds: rounds).run(size: devices, into: &report) }
        if wants("callbacks") { try await CallbackCases(tools: tools, rounds: rounds).run(into: &report) }
        if wants("apply") { try await ApplyCases(tools: tools, rounds: rounds).run(into: &report) }
        if wants("others") { try await OtherToolCases(tools: tools, rounds: rounds).run(into: &report) }
        if let out { try report.write(to: out, rounds: rounds) }
    }
}
