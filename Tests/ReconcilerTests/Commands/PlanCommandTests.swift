import Foundation
import Testing

@testable import Reconciler

@Suite("profilectl plan, as text and in its other formats")
struct PlanCommandTests {
    private func fleet(_ count: Int, site: (Int) -> String) throws -> String {
        var yaml = "apiVersion: profilectl/v1\nkind: ProfileSet\nmetadata: {name: fleet}\n"
        yaml += "defaults: {smsrOid: \(Fleets.smsr), state: downloaded-enabled}\ndevices:\n"
        for number in 0..<count {
            yaml += "  - {eid: \"\(try Fleets.eid(number))\", iccid: \"\(try Fleets.iccid(number))\", "
            yaml += "accountName: a\(number % 3), labels: {site: \(ReportPlans.quoted(site(number)))}}\n"
        }
        return yaml
    }

    private func plan(_ yaml: String, _ arguments: [String] = []) async throws -> [String] {
        let result = try await Binary.run(["plan", "-"] + arguments, in: "/", input: Data(yaml.utf8))
        #expect(result.exitCode == 0, "\(result.errors)")
        return result.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    @Test("a small plan is the summary and each device, below its account and action")
    func small() async throws {
        let lines = try await plan(try fleet(3) { _ in "phoenix" })
        #expect(lines.first == "Plan: 3 downloadEnable, 0 of 3 devices as desired. 3 devices never seen.")
        for number in 0..<3 {
            let heading = try #require(lines.firstIndex(of: "Account a\(number)"))
            #expect(lines[heading + 1] == "  + 1 downloadEnable")
            #expect(lines[heading + 2].hasPrefix("      \(try Fleets.key(number))  never seen"))
        }
        #expect(lines.count == 13)
    }

    @Test("a large plan fits on a page or two: numbers by account and site, some devices, and how many are not listed")
    func large() async throws {
        let yaml = try fleet(3000) { "phoenix-\($0 % 40)" }
        let lines = try await plan(yaml)
        #expect(lines.first == "Plan: 3,000 downloadEnable, 0 of 3,000 devices as desired. 3,000 devices never seen.")
        #expect(lines.count < 60)
        #expect(lines.contains { $0.wholeMatch(of: #/  a1 +1,000 +1,000/#) != nil })
        #expect(lines.contains { $0.hasPrefix("  by site: ") && $0.hasSuffix("34 more values") })
        let leftOut = lines.compactMap { $0.firstMatch(of: #/\.\.\. and ([\d,]+) more/#) }.compactMap {
            Int($0.1.filter { $0 != "," })
        }
        let listed = lines.count { $0.hasPrefix("      8") }
        #expect(listed <= 25)
        #expect(leftOut.reduce(listed, +) == 3000)

        let all = try await plan(yaml, ["--all"])
        #expect(all.count { $0.hasPrefix("      8") } == 3000)
        #expect(all.last == lines.first, "the summary comes again where the first one has left the screen")
    }

    @Test("no label reaches a terminal as a command")
    func terminal() async throws {
        let hostile = ReportPlans.hostile
        for arguments in [[], ["--all"], ["--format", "markdown"], ["--format", "html"]] {
            let text = try await plan(try fleet(60) { hostile[$0 % hostile.count] }, arguments).joined(separator: "\n")
            let isClean = text.unicodeScalars.allSatisfy {
                $0 == "\n" || $0.value >= 0x20 && !(0x7F...0x9F ~= $0.value) && $0 != "\u{202E}"
            }
            #expect(isClean, "\(arguments)")
        }
    }

    @Test("each format is printed whole, and ends with a line end")
    func formats() async throws {
        let yaml = try fleet(3) { _ in "phoenix" }
        #expect(try await plan(yaml, ["--format", "markdown"]).first == "<!-- profilectl plan -->")
        let page = try await plan(yaml, ["--format", "html"])
        #expect(page.first == "<!DOCTYPE html>")
        #expect(page.last?.hasSuffix("</html>") == true)
    }
}
