import Foundation
import Reconciler

/// Writing the state and plan files, within this process.
struct StateCases {
    let tools: Tools
    let rounds: Int

    func run(size: Int, into report: inout Report) async throws {
        let fleet = FleetInput(count: size)
        let yaml = tools.path("\(size).yaml")
        try fleet.writeYAML(to: yaml)
        let desired = await ManifestLoader().load([yaml]).fleet
        let plan = Planner(now: SystemClock().now()).plan(desired: desired, known: KnownFleet())
        let file = tools.path("kept.plan")
        var rows: [[String]] = []
        func add(_ name: String, _ work: () async throws -> Void) async throws {
            let result = try await Comparison(
                rounds: rounds, { try await timed(work) },
                beside: { try Program(path: Tools.yardstick, arguments: ["yaml", yaml]).measure() })
            rows.append([
                name, size.grouped, result.seconds.secondsText,
                Int(Double(size) / result.seconds).grouped, result.yardstickSeconds.secondsText, result.ratio.text(2),
            ])
        }
        try await add("known state written to an empty store") {
            try tools.remove("written.db")
            try await fleet.writeState(to: tools.path("written.db"))
        }
        try await add("the same again, over what is there") {
            try await fleet.writeState(to: tools.path("written.db"))
        }
        try await add("a plan's intents written, 1,000 in a transaction") {
            let store = try SQLiteStore(path: tools.path("written.db"))
            try await write(plan, to: store)
        }
        try await add("plan file written") { try PlanFile.write(plan, to: file, toolVersion: "bench") }
        try await add("plan file read") { _ = try PlanFile.read(file) }
        report.add(
            "State and plan files", "The yardstick is the loop over libyaml's events for as many devices.",
            header: ["case", "devices", "time", "devices a second", "yardstick", "ratio"], rows: rows)
    }

    private func write(_ plan: Plan, to store: SQLiteStore) async throws {
        let now = SystemClock().now()
        let intents = plan.actions.map { action in
            OperationIntent(
                key: action.key, action: action.action, account: action.account, smsr: action.smsr,
                attempt: action.attempt)
        }
        for start in stride(from: 0, to: intents.count, by: 1000) {
            let part = Array(intents[start..<min(start + 1000, intents.count)])
            try await store.write { transaction in
                let request = try transaction.addRequest(
                    .action(part[0].action, part[0].smsr), account: part[0].account, deviceCount: part.count, at: now)
                _ = try transaction.addOperations(part, under: request.number, at: now)
            }
        }
    }
}
