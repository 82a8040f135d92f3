import Foundation
import Simulator
import Testing

@testable import Reconciler

@Suite("The simulator's tokens and registrations end badly by name")
struct SignInBehaviorTests {
    @Test(
        "a token ends after some calls, in each shape, and stays ended",
        arguments: [
            (CarrierBehavior.sessionEndsBare401, 401, ""), (.sessionEndsBare403, 403, ""),
            (.sessionEndsNumeric, 401, "{\"errorCode\":\"401\",\"errorMessage\":\"Unauthorized\"}"),
            (.bearerEndsNumeric, 401, "{\"errorCode\":\"401\",\"errorMessage\":\"Unauthorized\"}"),
            (.bearerEndsPage, 401, "<html><head><title>401</title></head><body><h1>Access denied</h1></body></html>"),
        ])
    func ends(behavior: CarrierBehavior, status: Int, body: String) async throws {
        try await BadCarrier.running([behavior], isRegistered: false) { carrier in
            let path = "/m2m/v1/callbacks/\(Fleets.account)"
            var count = 0
            while try await carrier.call("GET", path).status == 200, count < 20 { count += 1 }
            let answers = count
            // A login is a call for the bearer, and the last one is counted here.
            #expect(4...7 ~= answers)
            let again = try await carrier.call("GET", path)
            #expect(again.status == status && again.body == body)
            let renewed = try await Harness.signIn(carrier.baseURL)
            let isBearer = [.bearerEndsNumeric, .bearerEndsPage].contains(behavior)
            #expect((renewed["Authorization"] != carrier.headers["Authorization"]) == isBearer)
            #expect(try await Harness.call("GET", carrier.baseURL + path, headers: renewed).status == 200)
        }
    }

    @Test("the carrier forgets a registration once, and keeps the next one")
    func registrationLost() async throws {
        try await BadCarrier.running(
            [.registrationLost], options: { $0.carrierFaultSettings.registrationLife = 0 }
        ) { carrier in
            let path = "/m2m/v1/callbacks/\(Fleets.account)"
            #expect(try await carrier.call("GET", path).body == "[]")
            _ = try await carrier.accepted("download_enable", [carrier.keys[0]])
            try await carrier.quiet()
            #expect(carrier.endpoint.texts.isEmpty)
            #expect(try await carrier.register() == 200)
            #expect(try await carrier.call("GET", path).body.contains("DeviceProfileService"))
            _ = try await carrier.accepted("download_enable", [carrier.keys[1]])
            _ = try await carrier.texts(1)
        }
    }

    @Test("calls without a body need no Content-Type")
    func contentType() async throws {
        try await BadCarrier.running([]) { carrier in
            let headers = carrier.headers.filter { $0.key != "Content-Type" }
            let callbacks = "/m2m/v1/callbacks/\(Fleets.account)"
            var statuses: [Int] = []
            for (method, path) in [
                ("GET", callbacks), ("DELETE", callbacks + "/name/DeviceProfileService"),
                ("POST", "/m2m/v1/devices/actions/list"), ("POST", "/m2m/v1/session/logout"),
            ] {
                let answer = try await Harness.call(method, carrier.baseURL + path, headers: headers)
                statuses.append(answer.status)
            }
            #expect(statuses == [200, 200, 400, 200])
        }
    }

    @Test("earliest and latest may have milliseconds")
    func milliseconds() async throws {
        try await BadCarrier.running([]) { carrier in
            let answer = try await carrier.listV1("\"latest\":\"2020-01-01T00:00:00.123Z\"")
            #expect(answer.status == 200 && answer.body.contains("\"devices\":[]"))
        }
    }

    @Test("the seed decides what happens, and no requestId")
    func seeds() async throws {
        let seen = Seen()
        for _ in 0..<2 {
            try await BadCarrier.running([.unknownProfileWord], devices: 10) { carrier in
                let requestID = try await carrier.accepted("download_enable", carrier.keys)
                let words = try await carrier.messages(10).map { message in
                    "\(DeviceIdentifiers(message["deviceIds"]).iccids) \(message.summary[1] ?? "")"
                }
                await seen.add(requestID, words.sorted() + (await carrier.truth))
            }
        }
        #expect(await seen.requestIDs.count == 2)
        #expect(await seen.happened.count == 1)
    }

    private actor Seen {
        var requestIDs: Set<String> = []
        var happened: Set<[String]> = []

        func add(_ requestID: String, _ happened: [String]) {
            requestIDs.insert(requestID)
            self.happened.insert(happened)
        }
    }

    @Test("people change what is there, and download only where that is asked for")
    func people() async throws {
        try await BadCarrier.running([], devices: 6, inventory: { $0[0].profileStatus = "ENABLE" }) { carrier in
            await carrier.simulator.changeByPeople(20)
            #expect(await carrier.truth == ["DELETE"] + Array(repeating: "Not Downloaded", count: 5))
            let changed = await carrier.simulator.changeByPeople(20, includingDownloads: true, announced: true)
            #expect(changed.count == 20)
            #expect(Set(await carrier.truth).count > 1)
            _ = try await carrier.texts(20)
            #expect(await carrier.simulator.counts.repeatedDownloads == 0)
            let url = carrier.baseURL.replacing("/api", with: "/simulator/people")
            let answer = try await Harness.call("POST", url, body: Data("{\"count\":1}".utf8))
            #expect(answer.status == 200 && answer.body.contains("\"iccids\":["))
            #expect(try await Harness.call("POST", url, body: Data("{\"count\":-1}".utf8)).status == 400)
        }
    }
}
