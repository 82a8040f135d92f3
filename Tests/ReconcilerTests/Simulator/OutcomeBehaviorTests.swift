import Simulator
import Testing

@testable import Reconciler

@Suite("The simulator's actions end badly by name")
struct OutcomeBehaviorTests {
    @Test("a success carries a fault of nulls and the error code 0")
    func faultsOfNull() async throws {
        try await BadCarrier.running([.faultsOfNull]) { carrier in
            _ = try await carrier.accepted("download_enable", [carrier.keys[0]])
            let text = try await carrier.texts(1)[0]
            #expect(text.contains("\"faultResponse\":{\"faultcode\":null,\"faultstring\":null}"))
            #expect(text.contains("\"euiccErrorCode\":\"0\"") && text.contains("EXECUTED_SUCCESS"))
        }
    }

    @Test(
        "undocumented words end an action that is carried out or not, and the next attempt ends well",
        arguments: [
            (
                CarrierBehavior.unknownProfileWord,
                ["UPDATING", "ERROR", "DOWNLOAD_FAILED", "UNKNOWN", "IN_PROGRESS", "PENDING_ENABLE"]
            ), (.unknownMessageStatus, ["Error", "Rejected", "Queued", "InProgress"]),
        ])
    func unknownWords(behavior: CarrierBehavior, words: [String]) async throws {
        try await BadCarrier.running([behavior], devices: 20) { carrier in
            _ = try await carrier.accepted("download_enable", carrier.keys)
            for message in try await carrier.messages(20) {
                let word = message["status"]?.text ?? message.profileResponse?["profileStatus"]?.text
                #expect(words.contains(word ?? ""))
                #expect(message.profileResponse?["euiccStatus"] == nil)
            }
            let truth = await carrier.truth
            #expect(Set(truth) == ["Not Downloaded", "DOWNLOAD_ENABLE"])
            let absent = zip(carrier.keys, truth).filter { $0.1 == "Not Downloaded" }.map(\.0)
            _ = try await carrier.accepted("download_enable", absent)
            try await carrier.quiet()
            #expect(Set(await carrier.truth) == ["DOWNLOAD_ENABLE"])
            #expect(await carrier.simulator.counts.repeatedDownloads == 0)
        }
    }

    @Test(
        "a message under nobody's request comes beside the success of ours",
        arguments: [
            (CarrierBehavior.foreignFailures, "failed"), (.foreignWarnings, "warning"),
            (.otherProfileMessages, "ENABLE"),
        ])
    func foreignMessages(behavior: CarrierBehavior, word: String) async throws {
        try await BadCarrier.running([behavior], options: { $0.carrierFaultSettings.archive = 3600 }) { carrier in
            let requestID = try await carrier.accepted("download_enable", [carrier.keys[0]])
            let messages = try await carrier.messages(2)
            #expect(messages.contains { $0.summary == [requestID, "DOWNLOAD_ENABLE"] })
            let foreign = try #require(messages.first { $0.summary[0] != requestID })
            #expect(foreign.summary[1] == word)
            let named = DeviceIdentifiers(foreign["deviceIds"])
            #expect(named.eids == [carrier.keys[0].eid])
            // A device without an IMEI is named by its ICCID also in a warning.
            #expect((named.iccids == [carrier.keys[0].iccid]) == (behavior != .otherProfileMessages))
            #expect(await carrier.truth[0] == "DOWNLOAD_ENABLE")
        }
    }

    @Test("messages of long ago come to an endpoint that has asked for nothing")
    func archived() async throws {
        try await BadCarrier.running([.archivedMessages], devices: 12) { carrier in
            let messages = try await carrier.messages(12)
            #expect(Set(messages.map(\.summary[1])) == ["DELETE", "DISABLE", "Not Downloaded"])
            #expect(Set(messages.map(\.summary[0])).count == 12)
            #expect(Set(await carrier.truth) == ["Not Downloaded"])
            try await carrier.quiet()
            #expect(carrier.endpoint.texts.count == 12)
        }
    }

    @Test(
        "the card carries out what was reported as failed",
        arguments: [CarrierBehavior.lateSuccess, .silentLateSuccess])
    func lateSuccess(behavior: CarrierBehavior) async throws {
        try await BadCarrier.running([behavior]) { carrier in
            let requestID = try await carrier.accepted("download_enable", [carrier.keys[0]])
            let failure = try await carrier.messages(1)[0]
            #expect(failure.summary == [requestID, "failed"])
            let code = failure.profileResponse?["euiccErrorCode"]?.text ?? ""
            #expect(["8.1,5.1", "8.1,5.3", "8.1,4.4"].contains(code))
            try await carrier.quiet()
            #expect(await carrier.truth == ["DOWNLOAD_ENABLE", "Not Downloaded"])
            let messages = try carrier.endpoint.messages.dropFirst().map(\.summary)
            #expect(messages == (behavior == .lateSuccess ? [[requestID, "DOWNLOAD_ENABLE"]] : []))
            #expect(await carrier.simulator.counts.repeatedDownloads == 0)
        }
    }

    @Test("a download that the card will still carry out counts as repeated when it is asked for again")
    func repeatedLateDownload() async throws {
        try await BadCarrier.running(
            [.silentLateSuccess], options: { $0.carrierFaultSettings.lateSuccess = 3600 }
        ) { carrier in
            _ = try await carrier.accepted("download_enable", [carrier.keys[0]])
            #expect(try await carrier.messages(1)[0].isFailure)
            #expect(await carrier.truth[0] == "Not Downloaded")
            _ = try await carrier.accepted("download_enable", [carrier.keys[0]])
            #expect(await carrier.simulator.counts.repeatedDownloads == 1)
        }
    }

    @Test("a success is taken back under the same request, and so is what the card did")
    func rollback() async throws {
        try await BadCarrier.running([.rollbackAfterSuccess]) { carrier in
            let requestID = try await carrier.accepted("download_enable", [carrier.keys[0]])
            let messages = try await carrier.messages(2)
            #expect(Set(messages.map(\.summary)) == [[requestID, "DOWNLOAD_ENABLE"], [requestID, "failed"]])
            #expect(await carrier.truth[0] == "Not Downloaded")
            _ = try await carrier.accepted("download_enable", [carrier.keys[0]])
            try await carrier.quiet()
            #expect(await carrier.truth[0] == "DOWNLOAD_ENABLE")
            #expect(await carrier.simulator.counts.repeatedDownloads == 0)
        }
    }

    @Test("a failure is delivered before the answer that names its request")
    func failureBeforeAnswer() async throws {
        try await BadCarrier.running(
            [.failureBeforeAnswer], options: { $0.carrierFaultSettings.answerHold = 100 }
        ) { carrier in
            for attempt in 1...2 {
                let requestID = try await carrier.accepted("download_enable", carrier.keys)
                let messages = try carrier.endpoint.messages.suffix(2).map(\.summary)
                #expect(messages == [[requestID, "failed"], [requestID, "failed"]], "attempt \(attempt)")
            }
            _ = try await carrier.accepted("download_enable", carrier.keys)
            try await carrier.quiet()
            #expect(Set(await carrier.truth) == ["DOWNLOAD_ENABLE"])
            #expect(await carrier.simulator.counts.repeatedDownloads == 0)
        }
    }

    @Test("the success of a later enable comes under the first request")
    func successUnderFirstRequest() async throws {
        try await BadCarrier.running([.successUnderFirstRequest]) { carrier in
            let first = try await carrier.accepted("download_enable", [carrier.keys[0]])
            #expect(try await carrier.messages(1)[0].summary == [first, "warning"])
            try await carrier.quiet()
            #expect(await carrier.truth[0] == "DOWNLOAD_DISABLE")
            let second = try await carrier.accepted("enable", [carrier.keys[0]])
            let messages = try await carrier.messages(3).dropFirst().map(\.summary)
            #expect(Set(messages) == [[first, "DOWNLOAD_ENABLE"], [second, "failed"]])
            #expect(await carrier.truth[0] == "DOWNLOAD_ENABLE")
        }
    }

    @Test("enabling ends with a warning and nothing more, also when it is asked for again")
    func enablingHangs() async throws {
        try await BadCarrier.running([.enablingHangs]) { carrier in
            for action in ["download_enable", "enable", "enable"] {
                let requestID = try await carrier.accepted(action, [carrier.keys[0]])
                try await carrier.quiet()
                #expect(try carrier.endpoint.messages.last?.summary == [requestID, "warning"])
            }
            #expect(carrier.endpoint.texts.count == 3)
            #expect(await carrier.truth[0] == "DOWNLOAD_DISABLE")
        }
    }

    @Test("a disable is refused by the SM-SR, and enabling the other profile disables the first silently")
    func disableRefused() async throws {
        try await BadCarrier.running(
            [.disableRefused, .secondProfileSilent],
            inventory: { inventory in
                inventory[1] = SimulatedDevice(
                    eid: inventory[0].eid, iccid: inventory[1].iccid, accountName: inventory[0].accountName,
                    smsrOid: inventory[0].smsrOid, profileStatus: "ENABLE")
            }
        ) { carrier in
            let second = DeviceKey(eid: carrier.keys[0].eid, iccid: carrier.keys[1].iccid)
            let refused = try await carrier.accepted("disable", [second])
            #expect(try await carrier.messages(1)[0].summary == [refused, "failed"])
            #expect(await carrier.truth == ["Not Downloaded", "ENABLE"])
            let enabled = try await carrier.accepted("download_enable", [carrier.keys[0]])
            #expect(try await carrier.messages(2)[1].summary == [enabled, "DOWNLOAD_ENABLE"])
            try await carrier.quiet()
            #expect(await carrier.truth == ["DOWNLOAD_ENABLE", "DISABLE"])
            #expect(carrier.endpoint.texts.count == 2)
        }
    }

    @Test("several outcomes meet one device one after the other")
    func mixed() async throws {
        try await BadCarrier.running([.failureBeforeAnswer, .rollbackAfterSuccess, .silentLateSuccess]) { carrier in
            var attempts = 0
            while await carrier.truth[0] != "DOWNLOAD_ENABLE", attempts < 10 {
                attempts += 1
                _ = try await carrier.accepted("download_enable", [carrier.keys[0]])
                try await carrier.quiet()
            }
            #expect(3...5 ~= attempts)
            #expect(await carrier.simulator.counts.repeatedDownloads == 0)
        }
    }
}
