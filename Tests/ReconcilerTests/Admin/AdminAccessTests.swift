import Foundation
import Testing

@testable import Admin
@testable import Reconciler

@Suite("Who may look at the admin endpoint", .timeLimit(.minutes(5)))
struct AdminAccessTests {
    private static let places = [
        "/", "/devices", "/devices/1", "/metrics", "/events", "/api/v1/status", "/api/v1/devices",
    ]

    @Test(
        "an address that others can reach needs a token, and is refused with what to do",
        arguments: ["0.0.0.0", "::", "10.1.2.3", "fleet.example.com"])
    func tokenNeeded(host: String) throws {
        let error = #expect(throws: SettingsError.self) { try AdminConfiguration(host: host, port: 9002) }
        #expect(error?.description.contains("PROFILECTL_ADMIN_TOKEN") == true)
        let token = try AdminToken(AdminScene.token)
        #expect(throws: Never.self) { try AdminConfiguration(host: host, port: 9002, token: token) }
    }

    @Test("loopback needs none", arguments: ["127.0.0.1", "localhost", "::1"])
    func loopback(host: String) {
        #expect(throws: Never.self) { try AdminConfiguration(host: host, port: 9002) }
    }

    @Test("a token is long, fits in a header, comes from a file, and cannot be printed")
    func token() throws {
        for text in ["", "short", "with a space in it, long", "ümläuts-are-not-asc"] {
            #expect(throws: SettingsError.self) { try AdminToken(text) }
        }
        let folder = try TemporaryFolder()
        let path = try folder.write("token", AdminScene.token + "\n")
        let token = try #require(try Secrets(environment: ["PROFILECTL_ADMIN_TOKEN_FILE": path]).adminToken())
        #expect(token.accepts(AdminScene.token))
        #expect(!token.accepts(AdminScene.token + "x") && !token.accepts(""))
        #expect(!"\(token) \(String(reflecting: token)) \(Mirror(reflecting: token).children)".contains("token-of"))
        #expect(try Secrets(environment: [:]).adminToken() == nil)
    }

    @Test("without the token nothing of the fleet is shown")
    func withoutToken() async throws {
        try await AdminScene.run(token: AdminScene.token) { scene in
            for path in Self.places {
                for headers in [
                    [:], ["Authorization": "Bearer wrong-wrong-wrong-wrong"], ["Authorization": AdminScene.token],
                    ["Authorization": "Basic \(AdminScene.token)"], ["Authorization": "Bearer"],
                    ["Cookie": "profilectl_1=\(SessionKey().cookieText)"],
                ] {
                    let answer = try await scene.call(path, headers: headers)
                    #expect([303, 401].contains(answer.status), "\(path) \(headers)")
                    #expect(!answer.body.contains("phoenix"), "\(path) \(headers)")
                    if answer.status == 303 {
                        #expect(answer.headers["location"]?.hasPrefix("/login") == true)
                    } else {
                        #expect(answer.headers["www-authenticate"] == "Bearer realm=\"profilectl\"")
                        #expect(answer.headers["content-type"] == "application/problem+json")
                    }
                }
                let allowed = ["Authorization": "bearer \(AdminScene.token)"]
                if path != "/events" {
                    let answer = try await scene.call(path, headers: allowed)
                    #expect(answer.status == (path == "/devices/1" ? 404 : 200), "\(path)")
                }
            }
            for form in [["token": "wrong-wrong-wrong-wrong"], [:]] {
                let answer = try await scene.submit("/login", form)
                #expect(answer.status == 401)
                #expect(answer.cookie == nil)
            }
            #expect(try await scene.call("/healthz").status == 200)
            #expect(try await scene.call("/readyz").status == 200)
            #expect(try await scene.call("/login").status == 200)
        }
    }

    @Test("a sign-in is a random cookie that scripts and foreign pages do not see, until the sign-out or its end")
    func session() async throws {
        try await AdminScene.run(token: AdminScene.token) { scene in
            let answer = try await scene.submit("/login", ["token": AdminScene.token, "next": "/devices?search=89"])
            #expect(answer.status == 303)
            #expect(answer.headers["location"] == "/devices?search=89")
            let cookie = try #require(answer.headers["set-cookie"])
            #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/"))
            #expect(!cookie.contains(AdminScene.token))
            let session = try #require(answer.cookie)
            let page = try await scene.call("/", headers: ["Cookie": session])
            #expect(page.status == 200 && page.body.contains("Sign out"))
            #expect(page.headers["cache-control"] == "no-store")

            let other = try #require(try await scene.signIn())
            #expect(other != session)
            let seal = try #require(page.seal)
            #expect(try await scene.submit("/logout", ["seal": seal], cookie: session).status == 303)
            #expect(try await scene.call("/", headers: ["Cookie": session]).status == 303)
            #expect(try await scene.call("/", headers: ["Cookie": other]).status == 200)
            scene.clock.advance(by: SessionBook.lifetime + .seconds(1))
            #expect(try await scene.call("/", headers: ["Cookie": other]).status == 303)
        }
    }

    @Test(
        "a sign-in leads on to pages of this server only",
        arguments: ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\nb"])
    func openRedirect(next: String) async throws {
        try await AdminScene.run(token: AdminScene.token) { scene in
            let answer = try await scene.submit("/login", ["token": AdminScene.token, "next": next])
            #expect(answer.headers["location"] == "/")
        }
    }

    @Test("without a token only names of this machine are answered, so that no page can make its own name mean it")
    func rebinding() async throws {
        try await AdminScene.run { scene in
            let port = try #require(URLComponents(string: scene.url)?.port)
            for host in [
                "evil.example", "evil.example:\(port)", "127.0.0.1.evil.example", "localhost.evil:\(port)", "10.0.0.1",
                "[::2]:1", "",
            ] {
                for path in Self.places + ["/healthz", "/login", "/nowhere"] {
                    let answer = try await scene.call(path, headers: ["Host": host])
                    #expect(answer.status == 421, "\(host) \(path)")
                    #expect(!answer.body.contains("phoenix"))
                }
            }
            for host in ["127.0.0.1:\(port)", "localhost:\(port)", "localhost", "[::1]:\(port)", "LOCALHOST"] {
                #expect(try await scene.call("/", headers: ["Host": host]).status == 200, "\(host)")
            }
        }
        try await AdminScene.run(token: AdminScene.token) { scene in
            let headers = ["Host": "fleet.example.com", "Authorization": "Bearer \(AdminScene.token)"]
            let answer = try await scene.call("/", headers: headers)
            #expect(answer.status == 200)
        }
    }

    @Test("a form from a foreign page changes nothing", arguments: [nil, AdminScene.token])
    func forgery(token: String?) async throws {
        try await AdminScene.run(token: token) { scene in
            let cookie: String
            if token == nil {
                cookie = try #require(try await scene.call("/").cookie)
            } else {
                cookie = try #require(try await scene.signIn())
            }
            let seal = try #require(try await scene.call("/", headers: ["Cookie": cookie]).seal)
            let name = try #require(cookie.split(separator: "=").first)
            let another = "\(name)=\(SessionKey().cookieText)"
            let attempts: [(form: [String: String], cookie: String?, origin: String, headers: [String: String])] = [
                (["reason": "x"], cookie, scene.url, [:]),
                (["seal": ""], cookie, scene.url, [:]),
                (["seal": String(seal.reversed())], cookie, scene.url, [:]),
                (["seal": seal], another, scene.url, [:]),
                (["seal": seal], nil, scene.url, [:]),
                (["seal": seal], cookie, "https://evil.example", [:]),
                (["seal": seal], cookie, "null", [:]),
                (["seal": seal], cookie, "", [:]),
                (["seal": seal], cookie, "http://127.0.0.1:1", [:]),
                (["seal": seal], cookie, scene.url, ["Sec-Fetch-Site": "cross-site"]),
                (["seal": seal], cookie, scene.url, ["Sec-Fetch-Site": "same-site"]),
            ]
            for path in ["/pause", "/resume", "/logout"] {
                for attempt in attempts {
                    let answer = try await scene.submit(
                        path, attempt.form.filter { path == "/pause" || $0.key == "seal" }, cookie: attempt.cookie,
                        origin: attempt.origin, headers: attempt.headers)
                    #expect(answer.status == 403 || answer.headers["location"] == "/login", "\(path) \(attempt)")
                }
            }
            #expect(try await scene.store.read { try $0.pauses() } == [])
            #expect(scene.wakeup.count == 0)
            let good = try await scene.submit(
                "/pause", ["seal": seal], cookie: cookie, headers: ["Sec-Fetch-Site": "same-origin"])
            #expect(good.status == 303)
            #expect(try await scene.store.read { try $0.pauses().count } == 1)
        }
    }

    @Test("every answer forbids foreign scripts, frames and guesses")
    func protection() async throws {
        try await AdminScene.run { scene in
            for path in Self.places.filter({ $0 != "/events" }) + [
                "/healthz", "/nowhere", "/assets/nothing", "/api/v1/nothing",
            ] {
                let answer = try await scene.call(path)
                let policy = try #require(answer.headers["content-security-policy"])
                #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
                #expect(!policy.contains("unsafe") && !policy.contains("http"))
                #expect(answer.headers["x-content-type-options"] == "nosniff")
                #expect(answer.headers["referrer-policy"] == "same-origin")
            }
        }
    }

    @Test("what is too large is refused, and the endpoint goes on")
    func tooLarge() async throws {
        var limits = ListenerLimits.admin
        limits.bodySize = 1000
        try await AdminScene.run(limits: limits) { [limits] scene in
            let long = String(repeating: "x", count: limits.bodySize)
            #expect(try await scene.submit("/pause", ["reason": long]).status == 413)
            #expect(try await scene.call("/api/v1/status", "GET", body: long + long).status == 413)
            let headers = ["X-Long": String(repeating: "y", count: limits.headerSize + 1)]
            let answer = try? await scene.call("/", headers: headers)
            #expect(answer == nil || [400, 431].contains(answer?.status ?? 0))
            let many = Dictionary(uniqueKeysWithValues: (0...limits.headerCount).map { ("X-\($0)", "y") })
            let flooded = try? await scene.call("/", headers: many)
            #expect(flooded == nil || [400, 431].contains(flooded?.status ?? 0))
            #expect(try await scene.call("/", headers: ["Content-Type": "text/plain"]).status == 200)
            let plain = try await scene.call("/pause", "POST", headers: ["Content-Type": "text/plain"], body: "x")
            #expect(plain.status == 415)
        }
    }

    @Test("only Bearer is ours: a proxy's Basic header does not hide a session")
    func otherScheme() async throws {
        try await AdminScene.run(token: AdminScene.token) { scene in
            let cookie = try #require(try await scene.signIn())
            for field in ["Basic cHJveHk6cHJveHk=", "Digest username=\"a\"", "x"] {
                let answer = try await scene.call("/", headers: ["Cookie": cookie, "Authorization": field])
                #expect(answer.status == 200, "\(field)")
            }
            let wrong = try await scene.call("/", headers: ["Cookie": cookie, "Authorization": "Bearer wrong"])
            #expect(wrong.status == 303)
        }
    }

    @Test("a form's origin is compared with its scheme; both hosts are named where they differ")
    func origins() async throws {
        try await AdminScene.run(token: AdminScene.token) { scene in
            let port = try #require(URLComponents(string: scene.url)?.port)
            let form = ["token": AdminScene.token]
            func status(_ origin: String, _ headers: [String: String] = [:]) async throws -> Int {
                try await scene.submit("/login", form, origin: origin, headers: headers).status
            }
            #expect(try await status("https://127.0.0.1:\(port)") == 403)
            #expect(try await status("https://127.0.0.1:\(port)", ["X-Forwarded-Proto": "https"]) == 303)
            #expect(try await status("http://127.0.0.1:\(port)", ["X-Forwarded-Proto": "https"]) == 403)
            #expect(try await status("http://fleet.example.com", ["Host": "fleet.example.com:80"]) == 303)
            let refused = try await scene.submit(
                "/login", form, origin: "http://fleet.example.com:9180", headers: ["Host": "fleet.example.com"])
            #expect(refused.status == 403)
            #expect(refused.body.contains("fleet.example.com:9180"))
            #expect(refused.body.contains("http://fleet.example.com."))
        }
    }

    @Test("pages pass over parameters of others; the API does not")
    func trackingParameters() async throws {
        try await AdminScene.run { scene in
            for path in ["/?utm_source=mail&fbclid=%ff", "/devices?search=89&utm_source=chat", "/devices?utm=%zz"] {
                let answer = try await scene.call(path)
                #expect(answer.status == 200, "\(path)")
            }
            #expect(try await scene.call("/api/v1/devices?utm_source=mail").status == 400)
        }
    }

    @Test("wrong tokens make the next attempt wait, and a right one in time is taken")
    func throttle() async throws {
        try await AdminScene.run(token: AdminScene.token) { scene in
            let wrong = ["token": "wrong-wrong-wrong-wrong"]
            for _ in 0..<SignInThrottle.freeFailures {
                #expect(try await scene.submit("/login", wrong).status == 401)
            }
            let right = ["token": AdminScene.token]
            let refused = try await scene.submit("/login", right)
            #expect(refused.status == 429 && refused.headers["retry-after"] == "1")
            scene.clock.advance(by: .seconds(2))
            #expect(try await scene.submit("/login", right).status == 303)
        }
        #expect([0, 4, 5, 6, 8, 100].map(SignInThrottle.wait(after:)) == [0, 0, 1, 2, 8, 60])
    }

    @Test("a sign-in that is cut off in its body is counted, and no error")
    func cutOff() async throws {
        try await AdminScene.run(token: AdminScene.token) { scene in
            let port = try #require(URLComponents(string: scene.url)?.port)
            let fields = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n"
            let client = try await RawHTTP(port: port)
            try await client.send("POST /login HTTP/1.1\r\nHost: a\r\n\(fields)\r\ntoken=")
            client.close()
            let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(20))
            let isCounted = try await waiter.wait(until: SystemClock().now() + .seconds(60)) {
                let metrics = try await scene.call(
                    "/metrics", headers: ["Authorization": "Bearer \(AdminScene.token)"])
                return metrics.body.contains("reason=\"malformed\"} 1") ? true : nil
            }
            #expect(isCounted == true)
        }
    }

    @Test("over TLS it is served to a client that knows the certificate, and the cookie goes nowhere else")
    func overTLS() async throws {
        let folder = try TemporaryFolder()
        let tls = try await ListenerTLSTests().makeCertificate("admin", in: folder)
        try await AdminScene.run(token: AdminScene.token, tls: tls) { scene in
            let curl = ["curl", "--silent", "--show-error", "--include", "--cacert", "admin.crt"]
            let signIn = try await Binary.run(
                curl + [
                    "--data", "token=\(AdminScene.token)", "--header", "Origin: \(scene.url)", scene.url + "/login",
                ],
                in: folder.path, program: "/usr/bin/env")
            #expect(signIn.output.contains(" 303 "))
            #expect(signIn.output.contains("; Secure"))
            let unknown = try await Binary.run(
                ["curl", "--silent", scene.url + "/healthz"], in: folder.path, program: "/usr/bin/env")
            #expect(unknown.exitCode == 60)
        }
    }
}
