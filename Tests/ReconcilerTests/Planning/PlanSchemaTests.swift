import Foundation
import Testing

@testable import Reconciler

@Suite("The JSON Schema of plans", Tool.python.isThere)
struct PlanSchemaTests {
    @Test("a plan with everything in it fits, and holds every member that the schema names")
    func fits() async throws {
        let document = PlanJSON(try await ReportPlans.plan(16)).text
        #expect(try await JSONSchemaCheck.complaints(of: document, schema: PlanJSON.schema) == "")
        let fleet = try await Fleets.fleet(try Fleets.yaml(3))
        let part = try fleet.selecting([try DeviceSelector("\(try Fleets.eid(1))")], excluding: [])
        let partial = PlanJSON(Planner(now: ReportPlans.now).plan(desired: part, known: KnownFleet())).text
        #expect(partial.contains(#""selection":{"#))
        #expect(try await JSONSchemaCheck.complaints(of: partial, schema: PlanJSON.schema) == "")
        let empty = PlanJSON(Planner(now: ReportPlans.now).plan(desired: DesiredFleet(), known: KnownFleet())).text
        #expect(try await JSONSchemaCheck.complaints(of: empty, schema: PlanJSON.schema) == "")
    }

    @Test("what the binary prints fits, for every example")
    func examples() async throws {
        let result = try await Binary.run(
            ["plan", Repository.path + "/examples", "--format", "json", "--state", "sqlite:none.db"], in: "/tmp")
        #expect(result.exitCode == 0)
        #expect(try await JSONSchemaCheck.complaints(of: result.output, schema: PlanJSON.schema) == "")
    }

    @Test(
        "a document of another shape does not fit",
        arguments: [
            (#""formatVersion":1"#, #""formatVersion":2"#), (#""downloadEnable","desired""#, #""delete","desired""#),
            (#""attempt":1"#, #""attempt":0"#), (#""known":"downloadedDisabled""#, #""known":"enabled""#),
            (#""unverified":true,"#, ""), (#""reason":"held""#, #""reason":"odd""#), (#""eid":"8"#, #""eid":8"#),
            (#""drift":false"#, #""drift":false,"unheardOf":1"#), (#""labels":{"#, #""labels":{"a":1,"#),
        ])
    func unfit(text: String, changed: String) async throws {
        let document = PlanJSON(try await ReportPlans.plan(8)).text
        let range = try #require(document.range(of: text))
        var other = document.replacingCharacters(in: range, with: changed)
        // A number with digits behind it that a quote ends is none.
        if text == #""eid":"8"# { other = document.replacing(#/"eid":"(\d+)"/#) { "\"eid\":\($0.1)" } }
        #expect(try await JSONSchemaCheck.complaints(of: other, schema: PlanJSON.schema) != "")
    }

    @Test("the published schema is the one in the binary")
    func published() throws {
        let published = try String(contentsOfFile: Repository.path + "/docs/schema/plan.json", encoding: .utf8)
        #expect(published == PlanJSON.schema)
    }
}
