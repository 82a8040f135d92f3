import Simulator
import Testing

@testable import Reconciler

@Suite("The simulator answers actions badly by name")
struct ActionBehaviorTests {
    @Test(
        "an accepted action carries an errorCode that says nothing",
        arguments: [
            (CarrierBehavior.acceptedWithErrorZero, "\"errorCode\":\"0\"}"),
            (.acceptedWithNullError, "\"errorCode\":null,\"errorMessage\":null}"),
            (.acceptedWithEmptyError, "\"errorCode\":\"\",\"errorMessage\":\"\"}"),
        ])
    func accepted(behavior: CarrierBehavior, end: String) async throws {
        try await BadCarrier.running([behavior]) { carrier in
            let answer = try await carrier.act("download_enable", carrier.keys)
            #expect(answer.status == 200 && answer.body.hasPrefix("{\"requestId\":\""))
            #expect(answer.body.hasSuffix(end), "\(answer.body)")
            #expect(await carrier.simulator.counts.acceptedDevices == ["download_enable": 2])
        }
    }

    @Test("batches have a small limit", arguments: [(CarrierBehavior.batchLimit1, 1), (.batchLimit10, 10)])
    func batches(behavior: CarrierBehavior, limit: Int) async throws {
        try await BadCarrier.running([behavior], devices: 11) { carrier in
            let refused = try await carrier.act("download_enable", Array(carrier.keys.prefix(limit + 1)))
            #expect(refused.status == 400 && refused.body.contains("INPUT_INVALID.NumberofDevices"))
            _ = try await carrier.accepted("download_enable", Array(carrier.keys.prefix(limit)))
        }
    }

    @Test("an account is on hold for its first actions")
    func onHold() async throws {
        try await BadCarrier.running([.actionsOnHold], options: { $0.carrierFaultSettings.callsOnHold = 2 }) {
            carrier in
            for _ in 0..<2 {
                let answer = try await carrier.act("download_enable", [carrier.keys[0]])
                #expect(answer.status == 400 && answer.body.contains("REQUEST_ONHOLD."))
            }
            _ = try await carrier.accepted("download_enable", [carrier.keys[0]])
        }
    }

    @Test("a full rate plan refuses every action")
    func ratePlan() async throws {
        try await BadCarrier.running([.ratePlanFull]) { carrier in
            for key in carrier.keys {
                let answer = try await carrier.act("download_enable", [key])
                #expect(answer.status == 400 && answer.body.contains("REQUEST_FAILED.RatePlanFull"))
            }
        }
    }

    @Test("an active device is refused as not active, once")
    func deviceState() async throws {
        try await BadCarrier.running([.deviceStateInvalidOnce]) { carrier in
            let answer = try await carrier.act("download_enable", [carrier.keys[0]])
            #expect(answer.status == 400 && answer.body.contains("INPUT_INVALID.DeviceState.Invalid"))
            _ = try await carrier.accepted("download_enable", [carrier.keys[0]])
        }
    }

    @Test("requests have a status, with one for each device")
    func requestStatus() async throws {
        try await BadCarrier.running([.disableRefused, .enablingHangs]) { carrier in
            @Sendable func status(_ requestID: String) async throws -> JSONValue {
                try await carrier.quiet()
                let answer = try await carrier.call(
                    "GET", "/m2m/v2/accounts/\(Fleets.account)/requests/\(requestID)/status")
                #expect(answer.status == 200, "\(answer.body)")
                return try JSONValue(json: Array(answer.body.utf8))
            }
            let processed = try await status(try await carrier.accepted("download_disable", carrier.keys))
            #expect(processed["status"]?.text == "processed")
            let parts = processed["subRequests"]?.elements ?? []
            #expect(parts.map { $0["status"]?.text } == ["processed", "processed"])
            #expect(parts.map { DeviceIdentifiers($0["ids"]).iccids } == carrier.keys.map { [$0.iccid] })
            for (action, word) in [("enable", "queued"), ("disable", "failed")] {
                let answer = try await status(try await carrier.accepted(action, [carrier.keys[0]]))
                #expect(answer["status"]?.text == word)
                #expect(answer["subRequests"]?.elements.map { $0["status"]?.text } == [word])
            }
            let nobody = try await carrier.call(
                "GET", "/m2m/v2/accounts/\(Fleets.account)/requests/0ecf5171-cdfb-4d49-a6d3-f9347b73913d/status")
            #expect(nobody.status == 400 && nobody.body.contains("RequestNotFound"))
        }
    }

    @Test("a carrier without the status of requests says that nothing is there")
    func withoutRequestStatus() async throws {
        try await BadCarrier.running([.requestStatusUnavailable]) { carrier in
            let requestID = try await carrier.accepted("download_enable", [carrier.keys[0]])
            let answer = try await carrier.call(
                "GET", "/m2m/v2/accounts/\(Fleets.account)/requests/\(requestID)/status")
            #expect(answer.status == 404 && answer.body.contains("\"fault\""))
        }
    }
}
