/// What a person waits for who types a short command: beside starting a program that does nothing.
struct StartCases {
    let tools: Tools
    let rounds: Int

    func run(into report: inout Report) async throws {
        let yaml = tools.path("1000.yaml")
        let state = tools.path("1000.db")
        let fleet = FleetInput(count: 1000)
        try fleet.writeYAML(to: yaml)
        try await fleet.writeState(to: state)
        var rows: [[String]] = []
        for (name, arguments) in [
            ("--version", ["--version"]), ("validate 1,000 devices", ["validate", yaml]),
            ("plan 1,000 devices, nothing to do", ["plan", yaml, "--state", "sqlite:\(state)"]),
        ] {
            let result = try await Comparison(
                rounds: rounds * 8, { try Program(path: Tools.profilectl, arguments: arguments).measure() },
                beside: { try Program(path: "true", arguments: []).measure() })
            rows.append([
                name, result.seconds.secondsText, result.memory.memoryText, result.yardstickSeconds.secondsText,
            ])
        }
        report.add(
            "Start", "The yardstick is `true`, a program that does nothing.",
            header: ["case", "time", "memory", "yardstick"], rows: rows)
    }
}
