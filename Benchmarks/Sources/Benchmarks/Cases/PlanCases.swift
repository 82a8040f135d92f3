import Foundation

/// Reading manifests, reading the state, planning: the program as a process, beside a loop over libyaml's events.
struct PlanCases {
    let tools: Tools
    let rounds: Int

    private struct Case {
        let name: String
        let arguments: [String]
        let yardstick: Program
    }

    func run(sizes: [Int], into report: inout Report) async throws {
        var rows: [[String]] = []
        for size in sizes {
            for next in try await cases(size) {
                let program = Program(path: Tools.profilectl, arguments: next.arguments)
                let result = try await Comparison(
                    rounds: size >= 1_000_000 ? rounds : rounds * 2, { try program.measure() },
                    beside: { try next.yardstick.measure() })
                rows.append([
                    next.name, size.grouped, result.seconds.secondsText, result.memory.memoryText,
                    (result.seconds / Double(size) * 1e6).text(2) + " µs", result.yardstickSeconds.secondsText,
                    result.ratio.text(2),
                ])
            }
        }
        report.add(
            "Manifests and plans",
            "The yardstick is a bare loop over libyaml's events of the same file (C, one thread, nothing kept); for "
                + "the state alone it is a bare loop over the rows in SQLite.",
            header: ["case", "devices", "time", "memory", "a device", "yardstick", "ratio"], rows: rows)
    }

    private func cases(_ size: Int) async throws -> [Case] {
        let ordered = tools.path("\(size).yaml")
        let shuffled = tools.path("\(size)-shuffled.yaml")
        let one = tools.path("one.yaml")
        let fleet = FleetInput(count: size)
        try fleet.writeYAML(to: ordered)
        try FleetInput(count: size, shuffled: true).writeYAML(to: shuffled)
        try FleetInput(count: 1).writeYAML(to: one)
        let (same, other, empty) = (
            tools.path("\(size)-same.db"), tools.path("\(size)-other.db"), tools.path("empty.db")
        )
        try await fleet.writeState(to: same)
        try await fleet.writeState(to: other, everyOther: 100)
        let loop = Program(path: Tools.yardstick, arguments: ["yaml", ordered])
        func plan(_ yaml: String, _ state: String) -> [String] { ["plan", yaml, "--state", "sqlite:\(state)"] }
        return [
            Case(name: "validate", arguments: ["validate", ordered], yardstick: loop),
            Case(name: "plan, nothing known", arguments: plan(ordered, empty), yardstick: loop),
            Case(name: "plan, nothing to do", arguments: plan(ordered, same), yardstick: loop),
            Case(
                name: "plan, nothing to do, devices in no order", arguments: plan(shuffled, same),
                yardstick: Program(path: Tools.yardstick, arguments: ["yaml", shuffled])),
            Case(name: "plan, 1 % to do", arguments: plan(ordered, other), yardstick: loop),
            Case(
                name: "plan, nothing known, as JSON", arguments: plan(ordered, empty) + ["--format", "json"],
                yardstick: loop),
            Case(
                name: "plan, nothing known, kept in a file",
                arguments: plan(ordered, empty) + ["--out", tools.path("\(size).plan")], yardstick: loop),
            Case(
                name: "state alone", arguments: plan(one, same),
                yardstick: Program(path: Tools.yardstick, arguments: ["devices", same])),
        ]
    }
}
