import Foundation
import Testing

@testable import Admin
@testable import Reconciler

@Suite("The JSON API", .timeLimit(.minutes(5)))
struct ReadAPITests {
    private func json(_ scene: AdminScene, _ path: String) async throws -> JSONValue {
        let answer = try await scene.call("/api/v1" + path)
        #expect(answer.status == 200, "\(path): \(answer.body)")
        #expect(answer.headers["content-type"] == "application/json")
        return try JSONValue(json: Array(answer.body.utf8))
    }

    @Test("it tells what the board and the store know")
    func answers() async throws {
        try await AdminScene.run { scene in
            try await SampleController.fill(scene.store, now: scene.clock.now())
            let status = try await json(scene, "/status")
            #expect(status["devices"]?.text == "2040")
            #expect(status["standings"]?["pending"]?.text == "131")
            #expect(status["standings"]?["drift"]?.text == "7")
            #expect(status["manifests"]?["problem"]?["commit"]?.text == "91ab03de55f1")
            #expect(try await json(scene, "/profile-sets")["profileSets"]?.elements.count == 4)
            let set = try await json(scene, "/profile-sets/phoenix-meters")
            #expect(set["rollout"]?["waveCount"]?.text == "4")
            #expect(try await json(scene, "/rollouts")["rollouts"]?.elements.count == 2)
            #expect(try await json(scene, "/failures")["failures"]?.elements.first?["count"]?.text == "33")
            #expect(try await json(scene, "/accounts")["accounts"]?.elements.count == 3)
            #expect(try await json(scene, "/history")["history"]?.elements.count == 301)
            try await PauseSession(store: scene.store, clock: scene.clock).pause(
                "cars", reason: "r", by: "ann", alsoKnown: ["cars"])
            #expect(try await json(scene, "/pauses")["pauses"]?.elements.first?["by"]?.text == "ann")
            let card = try await json(scene, "/devices/\(try Fleets.eid(0))")
            #expect(card["devices"]?.elements.first?["timeline"]?.elements.count == 4)
        }
    }

    @Test("devices come page by page, each once, whatever is asked for")
    func paging() async throws {
        try await AdminScene.run { scene in
            try await SampleController.fill(scene.store, now: scene.clock.now())
            for (query, count) in [
                ("", 120), ("search=8904", 120), ("standing=failed", 24), ("standing=held&search=8914", 24),
            ] {
                var found: [String] = []
                var cursor = ""
                repeat {
                    let page = try await json(scene, "/devices?limit=7&\(query)\(cursor)")
                    found += page["devices"]?.elements.compactMap { $0["eid"]?.text } ?? []
                    cursor = page["next"]?.text.map { "&cursor=\($0)" } ?? ""
                } while !cursor.isEmpty
                #expect(found.count == count && Set(found).count == count, "\(query)")
            }
        }
    }

    @Test("bad input is 400, what is not there 404, another method 405, each as a problem document")
    func problems() async throws {
        try await AdminScene.run { scene in
            let bad = [
                "/devices?limit=0", "/devices?limit=1001", "/devices?limit=x", "/devices?search=abc",
                "/devices?search=%FF",
                "/devices?search=\(String(repeating: "1", count: 33))", "/devices?standing=x", "/devices?cursor=x",
                "/devices?limit=1&limit=2", "/devices?unknown=1", "/status?x=1", "/devices/abc",
            ]
            for path in bad { try await expect(400, scene, path) }
            for path in ["/nothing", "/devices/1", "/profile-sets/nothing", "/status/", "/devices/1/2", ""] {
                try await expect(404, scene, path)
            }
            for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
                let answer = try await scene.call("/api/v1/status", method)
                #expect(answer.status == 405)
                #expect(answer.headers["allow"] == "GET, HEAD")
            }
            let head = try await scene.call("/api/v1/status", "HEAD")
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }

    private func expect(_ status: Int, _ scene: AdminScene, _ path: String) async throws {
        let answer = try await scene.call("/api/v1" + path)
        #expect(answer.status == status, "\(path)")
        #expect(answer.headers["content-type"] == "application/problem+json", "\(path)")
        let problem = try JSONValue(json: Array(answer.body.utf8))
        #expect(problem["status"]?.text == String(status))
        #expect(problem["detail"]?.text?.isEmpty == false)
    }

    @Test("schemathesis finds nothing that the description does not say", APITool.schemathesis.isThere)
    func conformance() async throws {
        // `make api-check` asks for more.
        let examples = ProcessInfo.processInfo.environment["API_CHECK_EXAMPLES"] ?? "8"
        try await AdminScene.run(token: AdminScene.token) { scene in
            try await SampleController.fill(scene.store, now: scene.clock.now())
            let folder = try TemporaryFolder()
            let result = try await APITool.schemathesis.run(
                [
                    "run", scene.url + "/api/v1/openapi.json", "--checks", "all", "--max-examples", examples,
                    "--header", "Authorization: Bearer \(AdminScene.token)", "--seed", "1", "--no-color",
                    "--suppress-health-check", "all",
                ], in: folder.path)
            #expect(result.exitCode == 0, "\(result.output.suffix(6000))\(result.errors.suffix(2000))")
        }
    }
}
