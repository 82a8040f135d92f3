import Simulator
import Testing

@testable import Reconciler

@Suite("The simulator's device lists behave badly by name")
struct ListBehaviorTests {
    @Test(
        "both lists are refused in each way",
        arguments: [
            (CarrierBehavior.listsInputInvalid, 400, "INPUT_INVALID"), (.listsForbiddenPage, 403, "<html>"),
            (.listsNotFound, 404, "{\"fault\":{\"code\":\"404\""),
            (.listsNumericUnauthorized, 403, "{\"errorCode\":\"403\",\"errorMessage\":\"Forbidden\"}"),
        ])
    func refusals(behavior: CarrierBehavior, status: Int, part: String) async throws {
        try await BadCarrier.running([behavior]) { carrier in
            for answer in [try await carrier.listV1(), try await carrier.listV2()] {
                #expect(answer.status == status)
                #expect(answer.body.contains(part), "\(answer.body)")
            }
            // The tokens are good for everything else.
            _ = try await carrier.accepted("download_enable", [carrier.keys[0]])
        }
    }

    @Test("the v2 list alone is unavailable")
    func v2Unavailable() async throws {
        try await BadCarrier.running([.v2ListUnavailable]) { carrier in
            let answer = try await carrier.listV2()
            #expect(answer.status == 400 && answer.body.contains("FeatureNotAvailable"))
            #expect(try await carrier.listV1().status == 200)
        }
    }

    @Test("pages of the v1 list have a limit", arguments: [(CarrierBehavior.v1PageLimit, 500), (.v1PageLimit100, 100)])
    func pageLimits(behavior: CarrierBehavior, limit: Int) async throws {
        try await BadCarrier.running([behavior], isRegistered: false) { carrier in
            let answers = [
                try await carrier.listV1("\"maxNumberOfDevices\":\(limit)"),
                try await carrier.listV1("\"maxNumberOfDevices\":\(limit + 1)"), try await carrier.listV1(),
            ]
            #expect(answers.map(\.status) == [200, 400, 200])
            #expect(answers[1].body.contains("INPUT_INVALID"))
        }
    }

    @Test("an errorCode of null or nothing stands beside the devices")
    func nullError() async throws {
        try await BadCarrier.running([.listsNullError]) { carrier in
            let v1 = try await carrier.listV1()
            #expect(v1.status == 200 && v1.body.hasSuffix("\"errorCode\":null,\"errorMessage\":\"\"}"))
            let v2 = try await carrier.listV2()
            #expect(v2.status == 200 && v2.body.contains("\"requestId\"") && v2.body.contains("\"errorCode\":\"\""))
        }
    }

    @Test(
        "the v2 list is answered by something else than rows",
        arguments: [
            (CarrierBehavior.listsEmpty, "{\"deviceList\":[]},\"status\":\"Success\""),
            (.v2ListCancelled, "\"faultResponse\":{\"faultcode\":\"UnifiedWebService.REQUEST_CANCELLED"),
            (.v2ListFailed, "\"deviceResponse\":{},\"status\":\"Failed\""),
            (.v2ListInProgress, "{\"deviceList\":[]},\"status\":\"InProgress\""),
            (.v2ListNull, "{\"deviceList\":null}"), (.v2ListOneObject, "{\"deviceList\":{\"deviceIds\":["),
            (.v2ListUnreadable, "{\"deviceList\":\"https"),
        ])
    func withoutRows(behavior: CarrierBehavior, part: String) async throws {
        try await BadCarrier.running([behavior]) { carrier in
            let text = try await carrier.answerToList()
            #expect(text.contains(part), "\(text)")
        }
    }

    @Test("an empty v1 list is an answer like any other")
    func emptyV1() async throws {
        try await BadCarrier.running([.listsEmpty]) { carrier in
            for members in [
                "\"largestDeviceIdSeen\":0", "\"deviceId\":{\"kind\":\"eid\",\"id\":\"\(carrier.keys[0].eid)\"}",
            ] {
                let answer = try await carrier.listV1(members)
                #expect(answer.status == 200 && answer.body == "{\"hasMoreData\":false,\"devices\":[]}")
            }
        }
    }

    @Test("rows are missing, and not always the same ones")
    func partial() async throws {
        try await BadCarrier.running([.v2ListPartial], devices: 40) { carrier in
            var seen: Set<String> = []
            for _ in 0..<10 {
                let rows = try await carrier.rowsOfList()
                #expect(5..<35 ~= rows.count)
                seen.formUnion(rows.flatMap { DeviceIdentifiers($0["deviceIds"]).iccids.map(\.description) })
            }
            #expect(seen.count == 40)
        }
    }

    @Test("rows spell the account otherwise, in three ways")
    func otherAccount() async throws {
        try await BadCarrier.running([.listsOtherAccount], devices: 40) { carrier in
            let v1 = try JSONValue(json: Array(try await carrier.listV1().body.utf8))["devices"]?.elements ?? []
            for rows in [v1, try await carrier.rowsOfList()] {
                #expect(rows.count == 40)
                #expect(
                    Set(rows.compactMap { $0["accountName"]?.text }) == [
                        "0342077109-00001 ", "342077109-00001", "0342077109\u{2013}00001",
                    ])
            }
        }
    }

    @Test("rows of an account that was not asked for stand among the others")
    func foreignRows() async throws {
        try await BadCarrier.running([.listsForeignRows]) { carrier in
            let v1 = try JSONValue(json: Array(try await carrier.listV1().body.utf8))["devices"]?.elements ?? []
            for rows in [v1, try await carrier.rowsOfList()] {
                #expect(
                    rows.compactMap { $0["accountName"]?.text } == ["0990000099-00001"]
                        + Array(repeating: Fleets.account.description, count: 2))
                let foreign = try #require(rows.first.map { DeviceIdentifiers($0["deviceIds"]) })
                #expect(foreign.eids.count == 1 && foreign.iccids.count == 1)
                #expect(foreign.iccids != carrier.keys.map(\.iccid))
            }
        }
    }

    @Test("a row is a card with all its profiles, the bootstrap profile enabled while none of ours is")
    func cardRows() async throws {
        try await BadCarrier.running(
            [.v2ListCardRows],
            inventory: { inventory in
                inventory.append(
                    SimulatedDevice(
                        eid: inventory[1].eid, iccid: "89148000000099999999", accountName: inventory[1].accountName,
                        smsrOid: inventory[1].smsrOid, profileStatus: "ENABLE"))
            }
        ) { carrier in
            let rows = try await carrier.rowsOfList()
            #expect(rows.map { $0["eid"]?.text } == carrier.keys.map { "\($0.eid)" })
            let profiles = rows.map { $0["profiles"]?.elements ?? [] }
            #expect(profiles.map { $0.first?["profileStatus"]?.text } == ["ENABLE", "DISABLE"])
            #expect(profiles[0].last?["iccid"]?.text == "\(carrier.keys[0].iccid)")
            #expect(profiles[0].last?["profileStatus"]?.text == "Not Downloaded")
            #expect(profiles[1].suffix(2).map { $0["profileStatus"]?.text } == ["Not Downloaded", "ENABLE"])
            #expect(rows.allSatisfy { $0["profileStatus"] == nil && $0["deviceIds"] == nil })
        }
    }

    @Test("a former profile with a status of its own stands before the profile")
    func formerProfile() async throws {
        try await BadCarrier.running([.v2ListFormerProfile]) { carrier in
            for (row, key) in zip(try await carrier.rowsOfList(), carrier.keys) {
                let former = try #require(row["formerProfile"])
                #expect(former["iccid"]?.text != "\(key.iccid)")
                #expect(["DELETE", "ENABLE"].contains(former["profileStatus"]?.text))
                #expect(row["profile"]?["iccid"]?.text == "\(key.iccid)")
                #expect(row["profile"]?["profileStatus"]?.text == "Not Downloaded")
                #expect(row["profileStatus"] == nil)
            }
        }
    }

    @Test("the only state in a row is that of an address")
    func addressState() async throws {
        try await BadCarrier.running([.v2ListAddressState]) { carrier in
            for row in try await carrier.rowsOfList() {
                #expect(row["address"]?["state"]?.text == "AZ" && row["state"] == nil)
            }
        }
    }

    @Test("a list comes as one message a device, under one requestId")
    func messagePerDevice() async throws {
        try await BadCarrier.running([.v2ListMessagePerDevice], devices: 3) { carrier in
            let answer = try await carrier.listV2()
            let messages = try await carrier.messages(3)
            for message in messages {
                #expect(message["deviceResponse"]?["deviceList"]?.elements.count == 1)
                #expect(answer.body.contains(message["requestId"]?.text ?? "-"))
            }
            try await carrier.quiet()
            #expect(carrier.endpoint.texts.count == 3)
        }
    }

    @Test("one row has an ICCID of a digit too few")
    func oddICCID() async throws {
        try await BadCarrier.running([.v2ListOddICCID], devices: 3) { carrier in
            let texts = try await carrier.rowsOfList().map { row in
                row["deviceIds"]?.elements.first { $0["kind"]?.text == "iccid" }?["id"]?.text
            }
            #expect(texts == [String("\(carrier.keys[0].iccid)".dropLast())] + carrier.keys[1...].map { "\($0.iccid)" })
        }
    }

    @Test("a list is never answered, or the second time it is asked for")
    func lost() async throws {
        for (behavior, count) in [(CarrierBehavior.v2ListSilent, 0), (.v2ListOnceLost, 1)] {
            try await BadCarrier.running([behavior]) { carrier in
                for _ in 0..<2 {
                    #expect(try await carrier.listV2().status == 200)
                    try await carrier.quiet()
                }
                #expect(carrier.endpoint.texts.count == count)
                #expect(await carrier.simulator.counts.listsDropped == 2 - count)
            }
        }
    }

    @Test("a status is in transition from the acceptance of an action until a while after its end")
    func inTransition() async throws {
        for transition in [3600, 0.01] {
            try await BadCarrier.running(
                [.statusInTransition],
                options: {
                    $0.listsProfileStatusInV1 = true
                    $0.carrierFaultSettings.transition = transition
                }
            ) { carrier in
                @Sendable func statuses() async throws -> [String?] {
                    let list = try JSONValue(json: Array(try await carrier.listV1().body.utf8))
                    return (list["devices"]?.elements ?? []).map { row in
                        row["extendedAttributes"]?.elements.first { $0["key"]?.text == "ProfileStatus" }?["value"]?.text
                    }
                }
                #expect(try await statuses() == ["Not Downloaded", "Not Downloaded"])
                _ = try await carrier.accepted("download_enable", [carrier.keys[0]])
                try await carrier.quiet()
                #expect(await carrier.truth[0] == "DOWNLOAD_ENABLE")
                let expected = transition > 1 ? "UPDATING" : "DOWNLOAD_ENABLE"
                try await carrier.until { try await statuses() == [expected, "Not Downloaded"] ? true : nil }
            }
        }
    }

    @Test("lists say words that nobody documented")
    func unknownWords() async throws {
        try await BadCarrier.running([.statusUnknownWord], devices: 20) { carrier in
            let words = Set(try await carrier.rowsOfList().compactMap { $0["profileStatus"]?.text })
            #expect(words.count > 2 && words.isDisjoint(with: ["Not Downloaded", "DELETE", "ENABLE"]))
        }
    }
}
