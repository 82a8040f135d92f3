import Foundation
import Simulator
import Testing

@testable import Reconciler

@Suite("The simulator is as strict as the carrier")
struct SimulatorTests {
    @Test("what the carrier would refuse is refused, with its code")
    func refusals() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(3))
        var inventory = Harness.inventory(fleet)
        inventory[2].state = "Suspend"
        let keys = fleet.devices.map(\.key)
        try await Harness.withSimulator(inventory, SimulatorOptions()) { simulator, baseURL in
            let headers = try await Harness.signIn(baseURL)
            let path = baseURL + "/m2m/v1/devices/profile/actions/download_enable"
            func body(
                _ devices: [(String, String)], account: String = Fleets.account.description,
                smsr: String? = Fleets.smsr.description, kinds: (String, String) = ("eid", "iccid")
            ) -> String {
                let list = devices.map {
                    "{\"deviceIds\":[{\"kind\":\"\(kinds.0)\",\"id\":\"\($0.0)\"},{\"kind\":\"\(kinds.1)\",\"id\":\"\($0.1)\"}]}"
                }
                let oid = smsr.map { ",\"smsrOid\":\"\($0)\"" } ?? ""
                return "{\"devices\":[\(list.joined(separator: ","))],\"accountName\":\"\(account)\"\(oid)}"
            }
            let first = ("\(keys[0].eid)", "\(keys[0].iccid)")
            let cases: [(String, String)] = [
                ("", "RequestUndefined"), ("{", "Deserialization"), (body([first], account: ""), "Account.NotDefined"),
                (body([first], account: "9"), "AccountNotFound"), (body([first], smsr: nil), "UnexpectedError"),
                (body([]), "UnexpectedError"), (body([(first.0, "1")]), "DeviceNotFound"),
                (body([(first.0, "\(keys[1].iccid)")]), "DeviceNotFound"),
                (body([first, ("\(keys[2].eid)", "\(keys[2].iccid)")]), "DeviceState.Invalid"),
                (body([first], kinds: ("imei", "iccid")), "Kind.Invalid"),
                (body([first], kinds: ("eid", "eid")), "Identifier.Invalid"),
                (body([("x", first.1)]), "Identifier.Invalid"), (body([("1'", "2")]), "InvalidCharacter"),
                (body(Array(repeating: first, count: 201)), "NumberofDevices"),
            ]
            for (text, code) in cases {
                let answer = try await Harness.call("POST", path, headers: headers, body: Data(text.utf8))
                #expect(answer.status == 400, "\(text.prefix(80))")
                #expect(answer.body.contains(code), "\(text.prefix(80)): \(answer.body)")
            }
            #expect(await simulator.counts.acceptedRequests.isEmpty)
            let taken = try await Harness.call("POST", path, headers: headers, body: Data(body([first]).utf8))
            #expect(taken.status == 200)
            #expect(try JSONValue(json: Array(taken.body.utf8))["requestId"]?.text != nil)
        }
    }

    @Test("the carrier's own sample of a request is taken")
    func sampleRequest() async throws {
        let device = SimulatedDevice(
            eid: "678912789123453456784008666456", iccid: "78425989148000000840", accountName: "1223334444-00001",
            smsrOid: "1.3.6.1.4.1.31746.1.500.200.101.5")
        try await Harness.withSimulator([device], SimulatorOptions()) { simulator, baseURL in
            let answer = try await Harness.call(
                "POST", baseURL + "/m2m/v1/devices/profile/actions/download_disable",
                headers: try await Harness.signIn(baseURL), body: try Repository.sample("request-download"))
            #expect(answer.status == 200, "\(answer.body)")
            #expect(await simulator.counts.acceptedDevices == ["download_disable": 1])
        }
    }

    @Test("tokens: each wrong one has its own shape, and the same one comes again within the hour")
    func tokens() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        try await Harness.withSimulator(Harness.inventory(fleet), SimulatorOptions()) { simulator, baseURL in
            let headers = try await Harness.signIn(baseURL)
            #expect(try await Harness.signIn(baseURL)["Authorization"] == headers["Authorization"])
            #expect(await simulator.counts.tokensIssued == 1)
            let path = baseURL + "/m2m/v1/callbacks/\(Fleets.account)"
            func get(_ changes: [String: String], without left: String = "") async throws -> (Int, String) {
                var sent = headers.merging(changes) { $1 }
                sent[left] = nil
                let answer = try await Harness.call("GET", path, headers: sent)
                return (answer.status, answer.body)
            }
            #expect(try await get([:]).0 == 200)
            let wrongBearer = try await get(["Authorization": "Bearer x"])
            #expect(wrongBearer.0 == 401 && wrongBearer.1.contains("900901"))
            let noBearer = try await get([:], without: "Authorization")
            #expect(noBearer.0 == 401 && noBearer.1.contains("900902"))
            let basic = try await get(["Authorization": "Basic x"])
            #expect(basic.0 == 403 && basic.1.contains("am:fault"))
            let noSession = try await get([:], without: "VZ-M2M-Token")
            #expect(noSession.0 == 400 && noSession.1.contains("SessionToken.Format"))
            let wrongSession = try await get(["VZ-M2M-Token": "x"])
            #expect(wrongSession.0 == 400 && wrongSession.1.contains("SessionToken.Invalid"))
            let wrongPath = try await Harness.call("GET", baseURL + "/m2m/v1/nothing", headers: headers)
            #expect(wrongPath.status == 400 && wrongPath.body.contains("900906"))
        }
    }

    @Test("requests have new ids in each process, whatever the seed")
    func requestIDs() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        let key = fleet.devices[0].key
        let body = """
            {"devices":[{"deviceIds":[{"kind":"eid","id":"\(key.eid)"},{"kind":"iccid","id":"\(key.iccid)"}]}],\
            "accountName":"\(Fleets.account)","smsrOid":"\(Fleets.smsr)"}
            """
        var ids: Set<String> = []
        for _ in 0..<2 {
            ids.insert(
                try await Harness.withSimulator(Harness.inventory(fleet), SimulatorOptions()) { _, baseURL in
                    let path = "/m2m/v1/devices/profile/actions/download_enable"
                    return try await Harness.call(
                        "POST", baseURL + path, headers: try await Harness.signIn(baseURL),
                        body: Data(body.replacing("/", with: "\\/").utf8)
                    ).body
                })
        }
        #expect(ids.count == 2)
        #expect(ids.allSatisfy { $0.contains("requestId") }, "an escaped slash is legal JSON")
    }

    @Test("HEAD has no body, HTTP/1.0 no chunks and an end, and too long a body its own refusal")
    func oldClients() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        try await Harness.withSimulator(Harness.inventory(fleet), SimulatorOptions()) { _, baseURL in
            let port = try #require(URLComponents(string: baseURL)?.port)
            for version in ["1.0", "1.1"] {
                let close = version == "1.1" ? "Connection: close\r\n" : ""
                let head = try await RawHTTP.exchange(
                    port: port, "HEAD /api/m2m/v1/nothing HTTP/\(version)\r\nHost: a\r\n\(close)\r\n")
                #expect(head.hasPrefix("HTTP/\(version) 400 ") && head.hasSuffix("\r\n\r\n"), "\(head)")
            }
            let get = try await RawHTTP.exchange(port: port, "GET /simulator/counts HTTP/1.0\r\n\r\n")
            #expect(get.hasPrefix("HTTP/1.0 200 OK") && get.hasSuffix("}"), "\(get)")
            let long = Data(repeating: 0x20, count: 17 << 20)
            let refused = try await Harness.call("POST", baseURL + "/m2m/v1/session/login", body: long)
            #expect(refused.status == 413 && refused.body.contains("errorCode"))
        }
    }

    @Test("five refused logins lock the contact, even for the right password")
    func locked() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        try await Harness.withSimulator(Harness.inventory(fleet), SimulatorOptions()) { _, baseURL in
            var headers = try await Harness.signIn(baseURL)
            headers["VZ-M2M-Token"] = nil
            for password in ["a", "b", "c", "d", "e", "simulator-password"] {
                let body = Data("{\"username\":\"simulator-user\",\"password\":\"\(password)\"}".utf8)
                let answer = try await Harness.call(
                    "POST", baseURL + "/m2m/v1/session/login", headers: headers, body: body)
                #expect(answer.status == 400 && answer.body.contains("errorMessage"))
                #expect(answer.body.contains("Locked") == (password == "simulator-password"))
            }
        }
    }

    @Test("callbacks go only to ports that the carrier calls, and the password comes back in clear")
    func registrations() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        try await Harness.withSimulator(Harness.inventory(fleet), SimulatorOptions()) { _, baseURL in
            let headers = try await Harness.signIn(baseURL)
            let path = baseURL + "/m2m/v1/callbacks/\(Fleets.account)"
            func register(
                _ url: String, name: String = "DeviceProfileService", username: String = "u"
            ) async throws -> Int {
                let body =
                    "{\"name\":\"\(name)\",\"url\":\"\(url)\",\"username\":\"\(username)\",\"password\":\"p-1\"}"
                return try await Harness.call("POST", path, headers: headers, body: Data(body.utf8)).status
            }
            #expect(try await register("https://x.example:8080/") == 400)
            #expect(try await register("https://x.example:9007/") == 400)
            #expect(try await register("https://x.example:9001/", name: "Nonsense") == 400)
            let own = SimulatorOptions().username
            #expect(try await register("https://x.example:9001/", username: own) == 400, "those of the account")
            for name in ["NetworkEventService", "IntelligenceService", "QoS", "PwnService", "AlertsService"] {
                #expect(try await register("https://x.example:9001/", name: name) == 200)
                let delete = try await Harness.call("DELETE", path + "/name/\(name)", headers: headers)
                #expect(delete.status == 200)
            }
            #expect(try await register("https://x.example:9001/") == 200)
            #expect(try await register("https://y.example/") == 400, "one endpoint for a service and an account")
            #expect(try await Harness.call("GET", path, headers: headers).body.contains("p-1"))
            let delete = try await Harness.call("DELETE", path + "/name/DeviceProfileService", headers: headers)
            #expect(delete.status == 200)
            #expect(try await Harness.call("GET", path, headers: headers).body == "[]")
        }
    }

    @Test("the v1 list has pages: 202 while there is more, and a cursor in the last row")
    func pages() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(25))
        try await Harness.withSimulator(Harness.inventory(fleet), SimulatorOptions()) { _, baseURL in
            let headers = try await Harness.signIn(baseURL)
            var cursor = "0"
            var seen = 0
            for (page, status) in [202, 202, 200].enumerated() {
                let body =
                    "{\"accountName\":\"\(Fleets.account)\",\"maxNumberOfDevices\":10,\"largestDeviceIdSeen\":\(cursor)}"
                let answer = try await Harness.call(
                    "POST", baseURL + "/m2m/v1/devices/actions/list", headers: headers, body: Data(body.utf8))
                #expect(answer.status == status, "page \(page)")
                let rows = try JSONValue(json: Array(answer.body.utf8))["devices"]?.elements ?? []
                seen += rows.count
                let attributes = rows.last?["extendedAttributes"]?.elements ?? []
                cursor = try #require(attributes.first { $0["key"]?.text == "DeviceId" }?["value"]?.text)
            }
            #expect(seen == 25)
        }
    }

    @Test("the v1 list refuses what it cannot read, and takes one device, filters and dates")
    func accountList() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(4))
        var inventory = Harness.inventory(fleet)
        inventory[1].state = "Suspend"
        inventory[2].groupNames = ["southwest"]
        inventory[3].customFields = ["CustomField1": "a"]
        let keys = fleet.devices.map(\.key)
        try await Harness.withSimulator(inventory, SimulatorOptions()) { simulator, baseURL in
            let headers = try await Harness.signIn(baseURL)
            func list(_ body: String) async throws -> (status: Int, body: String) {
                let answer = try await Harness.call(
                    "POST", baseURL + "/m2m/v1/devices/actions/list", headers: headers, body: Data(body.utf8))
                return (answer.status, answer.body)
            }
            let refusals = [
                ("{", "Deserialization"), ("{\"accountName\":\"9\"}", "AccountNotFound"),
                ("{\"largestDeviceIdSeen\":\"5\"}", "Deserialization"),
                ("{\"maxNumberOfDevices\":0}", "Deserialization"),
                ("{\"earliest\":\"yesterday\"}", "Deserialization"),
                ("{\"deviceId\":{\"kind\":\"iccid\"}}", "Deserialization"),
                ("{\"deviceId\":{\"kind\":\"vin\",\"id\":\"1\"}}", "Kind.Invalid"),
                ("{\"deviceId\":{\"kind\":\"iccid\",\"id\":\"x\"}}", "Identifier.Invalid"),
                ("{\"deviceId\":{\"kind\":\"iccid\",\"id\":\"1\"}}", "DeviceNotFound"),
                ("{\"filter\":{\"deviceIdentifierFilters\":[{\"kind\":\"vin\"}]}}", "Kind.Invalid"),
            ]
            for (body, code) in refusals {
                let answer = try await list(body)
                #expect(answer.status == 400 && answer.body.contains(code), "\(body): \(answer.body)")
            }
            func iccids(_ body: String) async throws -> [String] {
                let rows = try JSONValue(json: Array(try await list(body).body.utf8))["devices"]?.elements ?? []
                return rows.flatMap { DeviceIdentifiers($0["deviceIds"]).iccids.map(\.description) }
            }
            let all = keys.map(\.iccid.description)
            #expect(try await iccids("{\"largestDeviceIdSeen\":0}") == all)
            #expect(try await iccids("{}") == all.reversed(), "without the cursor by the date of adding")
            #expect(try await iccids("{\"currentState\":\"suspend\"}") == [all[1]])
            #expect(try await iccids("{\"groupName\":\"southwest\"}") == [all[2]])
            #expect(try await iccids("{\"customFields\":[{\"key\":\"CustomField1\",\"value\":\"a\"}]}") == [all[3]])
            #expect(try await iccids("{\"deviceId\":{\"kind\":\"EID\",\"id\":\"\(keys[0].eid)\"}}") == [all[0]])
            let suffix = all[2].suffix(4)
            #expect(
                try await iccids(
                    "{\"filter\":{\"deviceIdentifierFilters\":[{\"kind\":\"iccid\",\"endswith\":\"\(suffix)\"}]}}") == [
                        all[2]
                    ])
            #expect(try await iccids("{\"latest\":\"2020-01-01T00:00:00Z\"}").isEmpty)
            await simulator.set(isOnAccount: false, iccid: all[0])
            #expect(try await iccids("{\"largestDeviceIdSeen\":0}") == Array(all.dropFirst()))
        }
    }

    @Test("profiles can be changed behind the client's back, chosen by the seed, without a sign-in")
    func drift() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(20))
        try await Harness.withSimulator(Harness.inventory(fleet), SimulatorOptions()) { simulator, baseURL in
            let url = baseURL.replacing("/api", with: "/simulator/drift")
            let body = Data("{\"count\":5,\"profileStatus\":\"DISABLE\"}".utf8)
            let answer = try await Harness.call("POST", url, body: body)
            #expect(answer.status == 200)
            let named = try JSONValue(json: Array(answer.body.utf8))["iccids"]?.elements.compactMap(\.text) ?? []
            let changed = await simulator.devices.filter { $0.profileStatus == "DISABLE" }.map(\.iccid).sorted()
            #expect(changed == named && changed.count == 5)
            #expect(try await Harness.call("POST", url, body: Data("{}".utf8)).status == 400)
        }
    }

    @Test("a message that is not acknowledged is sent four times, with its count")
    func redelivery() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        var options = SimulatorOptions()
        options.allowsAnyCallbackPort = true
        options.callbackDelay = 0.01...0.02
        options.redeliveryInterval = 0.05
        try await Harness.withSimulator(Harness.inventory(fleet), options) { simulator, baseURL in
            // A listener that expects another password acknowledges nothing.
            try await Harness.withListener(store) { url in
                let headers = try await Harness.signIn(baseURL)
                let registration = "{\"name\":\"DeviceProfileService\",\"url\":\"\(url)\"}"
                let path = baseURL + "/m2m/v1/callbacks/\(Fleets.account)"
                _ = try await Harness.call("POST", path, headers: headers, body: Data(registration.utf8))
                let body = ProfileActionBody(
                    devices: [fleet.devices[0].key], account: Fleets.account, smsr: Fleets.smsr
                ).json
                _ = try await Harness.call(
                    "POST", baseURL + "/m2m/v1/devices/profile/actions/download_enable", headers: headers,
                    body: Data(body))
                let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(20))
                let sent = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
                    let counts = await simulator.counts
                    return counts.callbacksGivenUp == 1 ? counts.callbacksSent : nil
                }
                #expect(sent == 4)
            }
            // What a listener refuses is written down now and then, and at its end.
            let refused = try await store.read { try $0.counters() }
            #expect(refused["callbacks.wrongCredentials"] == 4)
        }
    }
}
