import Foundation
import Testing

@testable import Reconciler

@Suite("The example policies")
struct PolicyTests {
    private struct Case: Sendable {
        let document: String
        /// What each sentence of the policy is about; none if it lets the plan pass.
        let complaints: [String]
    }

    /// Plans that the policies let pass, and that they do not.
    private func cases() async throws -> [Case] {
        let plan = try await ReportPlans.plan(8, labels: { ["critical": $0 == 2 ? "false" : "true"] })
        let good = PlanJSON(plan).text
        let large = try await ReportPlans.plan(200)
        try #require(large.largeChanges.count == 1)
        let changed: [(String, String, String)] = [
            (#""formatVersion":1"#, #""formatVersion":2"#, "formatVersion 2 is not known"),
            (#""critical":"false""#, #""critical":"true""#, "is labelled critical and would be disabled"),
            (#""attempt":1"#, #""attempt":4"#, "would be tried for the 4. time"),
        ]
        return [
            Case(document: good, complaints: []),
            Case(document: PlanJSON(large).text, complaints: ["Profile set fleet"]),
        ]
            + changed.map { Case(document: good.replacingFirst($0.0, with: $0.1), complaints: [$0.2]) }
    }

    @Test("the policy for jq lets a good plan pass, and says what is wrong with a bad one", Tool.jq.isThere)
    func jq() async throws {
        let policy = Repository.path + "/examples/policy/plan.jq"
        for each in try await cases() {
            let result = try await Tool.jq.run(["--raw-output", "--from-file", policy], input: each.document)
            #expect(result.exitCode == (each.complaints.isEmpty ? 0 : 1), "\(result.errors)")
            let lines = result.errors.split(separator: "\n").map(String.init)
            #expect(lines.count == each.complaints.count, "\(lines)")
            for (line, complaint) in zip(lines, each.complaints) { #expect(line.contains(complaint)) }
        }
    }

    @Test("the policy for conftest says the same, as another evaluator of Rego reads it", Tool.rego.isThere)
    func rego() async throws {
        let script = """
            import json, sys, regopy
            rego = regopy.Interpreter()
            rego.add_module("plan", open(sys.argv[1]).read())
            rego.set_input(json.load(sys.stdin))
            for name in ("deny", "warn"):
                for message in json.loads(str(rego.query("data.main." + name)))["expressions"][0]:
                    print(name + ": " + message)
            """
        let policy = Repository.path + "/examples/policy/plan.rego"
        for each in try await cases() {
            let result = try await Tool.rego.run(["-c", script, policy], input: each.document)
            #expect(result.exitCode == 0, "\(result.errors)")
            let lines = result.output.split(separator: "\n").filter { $0.hasPrefix("deny: ") }
            #expect(lines.count == each.complaints.count, "\(lines)")
            for (line, complaint) in zip(lines, each.complaints) { #expect(line.contains(complaint)) }
            #expect(result.output.contains("warn: "), "one device has drifted")
        }
    }
}

extension String {
    fileprivate func replacingFirst(_ text: String, with other: String) -> String {
        replacing(text, with: other, maxReplacements: 1)
    }
}
