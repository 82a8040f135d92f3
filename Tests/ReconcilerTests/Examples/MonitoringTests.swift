import Foundation
import Testing

@testable import Admin
@testable import Reconciler

@Suite("The example alerts and dashboard of a controller", .timeLimit(.minutes(3)))
struct MonitoringTests {
    private static let folder = Repository.path + "/examples/serve/"

    private static func text(_ name: String) throws -> String {
        try String(contentsOfFile: folder + name, encoding: .utf8)
    }

    @Test("Prometheus takes the settings and the rules", APITool.promtool.isThere)
    func settings() async throws {
        for arguments in [["check", "config", "prometheus.conf"], ["check", "rules", "profilectl.rules"]] {
            let result = try await APITool.promtool.run(arguments, in: Self.folder + "prometheus")
            #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        }
        let address = "targets: [\"\(Settings().adminListen)\"]"
        #expect(try Self.text("prometheus/prometheus.conf").contains(address))
    }

    @Test("each alert fires when it is to, and not before", APITool.promtool.isThere)
    func alerts() async throws {
        let result = try await APITool.promtool.run(
            ["test", "rules", "profilectl.rules.test"], in: Self.folder + "prometheus")
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        let cases = try Self.text("prometheus/profilectl.rules.test")
        let alerts = try Self.text("prometheus/profilectl.rules").matches(of: #/- alert: (\w+)/#).map(\.1)
        #expect(alerts.count >= 15)
        for alert in alerts { #expect(cases.contains("alertname: \(alert)\n"), "\(alert) has no case") }
    }

    @Test("every metric, label and standing that they go by is one of the admin endpoint's")
    func metrics() async throws {
        let alerts = try Self.text("prometheus/profilectl.rules").matches(of: #/expr: (.*)/#).map { String($0.1) }
        let board = try JSONValue(json: Array(try Self.text("grafana/profilectl.json").utf8))
        let panels = board["panels"]?.elements ?? []
        let charts = panels.flatMap { $0["targets"]?.elements ?? [] }.compactMap { $0["expr"]?.text }
        #expect(alerts.count >= 15 && panels.count >= 15 && charts.count >= panels.count)
        let variables = board["templating"]?["list"]?.elements.compactMap { $0["definition"]?.text } ?? []
        let annotations = board["annotations"]?["list"]?.elements.compactMap { $0["expr"]?.text } ?? []
        let labels = try await Self.labels()
        for expression in alerts + charts + variables + annotations {
            let names = expression.matches(of: #/(?:profilectl|process)_[a-z_]+/#).map { String($0.output) }
            #expect(!names.isEmpty || expression.hasPrefix("up{"), "\(expression)")
            for name in names { #expect(labels[name] != nil, "\(name) in \(expression)") }
            for match in expression.matches(of: #/((?:profilectl|process)_[a-z_]+)\{([^}]*)\}/#) {
                for label in match.2.matches(of: #/(\w+)=~?"/#).map({ String($0.1) }) {
                    let isKnown =
                        label == "job" || label == "instance" || labels[String(match.1)]?.contains(label) == true
                    #expect(isKnown, "\(label) in \(expression)")
                }
            }
            for grouping in expression.matches(of: #/by \(([^)]*)\)/#) {
                for label in grouping.1.split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }) {
                    let isKnown = label == "instance" || names.contains { labels[$0]?.contains(label) == true }
                    #expect(isKnown, "\(label) in \(expression)")
                }
            }
            for match in expression.matches(of: #/standing=~?"([^"]*)"/#) {
                for word in match.1.split(separator: "|") {
                    #expect(Standing(rawValue: String(word)) != nil, "\(word) in \(expression)")
                }
            }
        }
    }

    /// The metrics of a busy controller, with their labels.
    private static func labels() async throws -> [String: Set<String>] {
        let (pages, continuation) = AsyncStream.makeStream(of: String.self)
        try await AdminScene.run { scene in
            try await SampleController.fill(scene.store, now: scene.clock.now())
            try await scene.store.write { transaction in
                try transaction.raiseCounter("callbacks.wrongPath", by: 1)
                try transaction.save(SignInRecord(credential: "oauth", refusals: 1, at: .init(milliseconds: 0)))
            }
            // What was read of the store is kept for a second.
            scene.clock.advance(by: .seconds(2))
            continuation.yield(try await scene.call("/metrics").body)
            continuation.finish()
        }
        var labels: [String: Set<String>] = [:]
        for await page in pages {
            for line in page.split(separator: "\n") where !line.hasPrefix("#") {
                let name = String(line.prefix { $0 != "{" && $0 != " " })
                labels[name, default: []].formUnion(line.matches(of: #/(\w+)="/#).map { String($0.1) })
            }
        }
        return labels
    }

    @Test("the dashboard's panels have titles, numbers of their own, and places that do not overlap")
    func panels() throws {
        let board = try JSONValue(json: Array(try Self.text("grafana/profilectl.json").utf8))
        let panels = board["panels"]?.elements ?? []
        var taken: Set<[Int]> = []
        for panel in panels {
            #expect(panel["title"]?.text?.isEmpty == false)
            #expect(panel["datasource"]?["uid"]?.text == "${datasource}")
            let place = try ["x", "y", "w", "h"].map { key in
                try #require(panel["gridPos"]?[key]?.text.flatMap { Int($0) })
            }
            #expect(place[0] + place[2] <= 24)
            for x in place[0]..<place[0] + place[2] {
                for y in place[1]..<place[1] + place[3] { #expect(taken.insert([x, y]).inserted, "\(place)") }
            }
        }
        #expect(Set(panels.compactMap { $0["id"]?.text }).count == panels.count)
    }
}
