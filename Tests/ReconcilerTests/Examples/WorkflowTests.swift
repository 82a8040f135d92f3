import Foundation
import Testing

@testable import Reconciler

@Suite("The example workflows")
struct WorkflowTests {
    private static let folder = Repository.path + "/examples/github-actions/.github/workflows/"

    @Test("they are YAML with what GitHub requires", arguments: ["plan", "apply"])
    func shape(name: String) async throws {
        let text = try String(contentsOfFile: Self.folder + name + ".yaml", encoding: .utf8)
        let workflow = try #require(try Self.root(of: text))
        #expect(Set(workflow.keys).isSuperset(of: ["name", "on", "jobs", "permissions", "concurrency"]))
        for job in try #require(workflow["jobs"]?.members).values {
            let job = try #require(job.members)
            #expect(job["runs-on"] != nil)
            let steps = try #require(job["steps"]?.elements)
            #expect(!steps.isEmpty)
            for step in steps {
                let step = try #require(step.members)
                #expect((step["run"] == nil) != (step["uses"] == nil), "a step runs something or uses something")
            }
        }
        // What comes from outside is given to scripts as variables, never put into their text.
        for run in text.matches(of: #/run: (?:\|\n(?: {10}.*\n)+|.*\n)/#) {
            #expect(!run.output.contains("${{"), "\(run.output)")
        }
    }

    @Test(
        "actions are named by digest, and each job that runs profilectl has a checkout", arguments: ["plan", "apply"])
    func pins(name: String) throws {
        let text = try String(contentsOfFile: Self.folder + name + ".yaml", encoding: .utf8)
        for match in text.matches(of: #/uses: (\S+)/#) {
            #expect(match.1.wholeMatch(of: #/[a-z\/-]+@[0-9a-f]{40}/#) != nil, "\(match.1)")
        }
        for job in try #require(try Self.root(of: text)?["jobs"]?.members).values {
            let steps = try #require(job.members?["steps"]?.elements)
            let uses = steps.compactMap { $0.members?["uses"]?.scalar }
            #expect(uses.contains { $0.hasPrefix("actions/checkout@") })
        }
    }

    @Test("a pull request brings neither the settings nor the policy by which it is judged")
    func trust() throws {
        let text = try String(contentsOfFile: Self.folder + "plan.yaml", encoding: .utf8)
        #expect(text.contains("ref: ${{ github.event.pull_request.base.sha }}"))
        #expect(text.contains("--config trusted/profilectl.yaml"))
        for match in text.matches(of: #/--from-file (\S+)/#) { #expect(match.1.hasPrefix("trusted/"), "\(match.1)") }
    }

    @Test("the job that receives callbacks can be given a certificate")
    func certificate() throws {
        let text = try String(contentsOfFile: Self.folder + "apply.yaml", encoding: .utf8)
        var environment: [String: String] = [:]
        for match in text.matches(of: #/(PROFILECTL_CALLBACKS_TLS_[A-Z]+):/#) { environment[String(match.1)] = "x.pem" }
        let settings = try Settings.load(path: nil, environment: environment)
        #expect(settings.callbackTLS == CallbackTLS(certificate: "x.pem", key: "x.pem"))
    }

    @Test("every command of profilectl and every option in them and in the policies exists")
    func commands() async throws {
        var found = 0
        for file in [
            "github-actions/.github/workflows/plan.yaml", "github-actions/.github/workflows/apply.yaml",
            "policy/plan.jq", "policy/plan.rego",
        ] {
            let text = try String(contentsOfFile: Repository.path + "/examples/" + file, encoding: .utf8)
            for match in text.matches(of: #/(?m)^(?:\s*run:|#|\s)\s*profilectl (\w+)([^\n|>]*)/#) {
                let help = try await Binary.run([String(match.1), "--help"], in: "/")
                #expect(help.exitCode == 0, "profilectl \(match.1)")
                for option in match.2.split(separator: " ") where option.hasPrefix("--") {
                    #expect(help.output.contains("\(option) ") || help.output.contains("\(option)\n"), "\(option)")
                }
                found += 1
            }
        }
        #expect(found >= 8)
    }

    private static func root(of text: String) throws -> [String: YAMLNode]? {
        var composer = YAMLComposer(ManifestText(Data(text.utf8)), limits: ManifestLimits())
        while true {
            switch try composer.next() {
            case .streamEnd: return nil
            case .documentStart: return try composer.nextNode(depth: 0)?.members
            default: continue
            }
        }
    }
}

extension YAMLNode {
    fileprivate var members: [String: YAMLNode]? {
        guard case .mapping(let entries) = content else { return nil }
        return Dictionary(entries.map { ($0.key.scalar ?? "", $0.value) }) { _, last in last }
    }

    fileprivate var elements: [YAMLNode]? {
        guard case .sequence(let elements) = content else { return nil }
        return elements
    }
}
