import Testing

@testable import Reconciler

@Suite("Answers to v2 device lists")
struct ListAnswerTests {
    private static let first = #"{"eid":"89049032000000000000000004100062","iccid":"89148000000001204008"}"#
    private static let second = #"{"eid":"89049032000000000000000004100063","iccid":"89148000000001204016"}"#

    private static func message(_ rest: String) -> String { #"{"requestId":"r","# + rest + "}" }

    /// Messages, and how many rows they are; `nil` for what is no answer.
    private static let answers: [([String], Int?)] = [
        ([message(#""devices":[]"#)], 0),
        ([message(#""deviceResponse":{"deviceList":[]},"status":"Success""#)], 0),
        ([message(#""devices":[\#(first),\#(second)]"#)], 2),
        ([message(#""deviceResponse":{"deviceList":[\#(first)]},"status":null"#)], 1),
        ([message(#""devices":[\#(first)],"faultResponse":{"faultcode":null,"faultstring":""},"errorCode":"0""#)], 1),
        ([message(#""deviceResponse":{"device1":\#(first)}"#)], 1),
        // No answers.
        ([message(#""faultResponse":{"faultcode":"UnifiedWebService.REQUEST_FAILED.UnexpectedError"}"#)], nil),
        ([message(#""devices":[\#(first)],"errorCode":"REQUEST_CANCELLED.X""#)], nil),
        ([message(#""devices":[],"status":"Failed""#)], nil),
        ([message(#""devices":[\#(first)],"status":"Failed""#)], nil),
        ([message(#""devices":[],"status":"Rejected""#)], nil),
        ([message(#""devices":[],"status":null"#)], nil),
        ([message(#""devices":null"#)], nil),
        ([message(#""devices":{}"#)], nil),
        ([message(#""devices":{"row":"x"}"#)], nil),
        ([message(#""devices":[{"x":1},"y"]"#)], nil),
        ([message(#""errors":[]"#)], nil),
        (["{\"devices\":["], nil), ([""], nil), (["[]"], nil),
    ]

    @Test("what is no list, or says that it failed, is no answer", arguments: answers.indices)
    func strictness(index: Int) {
        let (messages, count) = Self.answers[index]
        let progress = ListAnswerProgress(messages, asked: [])
        switch (progress.answer, count) {
        case (.rows(let rows)?, let count?): #expect(rows.count == count, "\(messages)")
        case (.notAnswered(let reason)?, nil): #expect(!reason.isEmpty && progress.isComplete, "\(messages)")
        default: Issue.record("\(messages): \(progress)")
        }
    }

    @Test("a list that is still being made is waited for", arguments: ["InProgress", "Pending", "Queued"])
    func pending(status: String) {
        let message = Self.message(#""devices":[],"status":"\#(status)""#)
        let alone = ListAnswerProgress([message], asked: [])
        #expect(alone.answer == nil && !alone.isComplete && !alone.provesAbsence)
        let rows = Self.message(#""devices":[\#(Self.first),\#(Self.second)]"#)
        #expect(ListAnswerProgress([message, rows], asked: []).isComplete)
    }

    private func key(_ row: String) throws -> DeviceKey {
        let rows = DeviceListRow.rows(in: try JSONValue(json: Array(row.utf8)))
        let identifiers = try #require(rows.first?.identifiers)
        return DeviceKey(eid: try #require(identifiers.eids.first), iccid: try #require(identifiers.iccids.first))
    }

    @Test("one message a device is read, and is whole when all devices are named")
    func messagePerDevice() throws {
        let keys = [try key(Self.first), try key(Self.second)]
        let messages = keys.map { key in
            Self.message(
                #""deviceIds":[{"id":"\#(key.iccid)","kind":"Iccid"},{"id":"\#(key.eid)","kind":"Eid"}],"#
                    + #""deviceResponse":{"deviceProfileResponse":{"state":"Active","profileStatus":"ENABLE"}},"#
                    + #""status":"Success","callbackCount":1"#)
        }
        let one = ListAnswerProgress([messages[0]], asked: keys)
        #expect(!one.isComplete && !one.provesAbsence)
        let both = ListAnswerProgress(messages, asked: keys)
        #expect(both.isComplete && !both.provesAbsence)
        guard case .rows(let rows) = both.answer else {
            Issue.record("\(both)")
            return
        }
        #expect(rows.map(\.profileStatus) == ["ENABLE", "ENABLE"] && rows.map(\.serviceState) == [.active, .active])
    }

    @Test("a message whose parts name different EIDs tells nothing of either profile")
    func contradictoryMessage() throws {
        let (one, other) = (try key(Self.first), try key(Self.second))
        let message = Self.message(
            #""deviceIds":[{"id":"\#(one.eid)","kind":"Eid"}],"deviceResponse":{"deviceProfileResponse":{"#
                + #""deviceIdentifierCollection":[{"id":"\#(other.iccid)","kind":"iccid"},{"id":"\#(other.eid)","kind":"eid"}],"#
                + #""profileStatus":"ENABLE"}}"#)
        guard case .rows(let rows) = ListAnswerProgress([message], asked: []).answer else {
            Issue.record("no rows")
            return
        }
        #expect(rows.allSatisfy { $0.profileStatus == nil && $0.identifiers.eids == [one.eid] })
    }

    @Test("only a list in one readable piece proves that a device is not listed")
    func absence() throws {
        let asked = [try key(Self.first), try key(Self.second)]
        let whole = Self.message(#""devices":[\#(Self.first)]"#)
        #expect(ListAnswerProgress([whole], asked: asked).provesAbsence)
        #expect(!ListAnswerProgress([whole], asked: asked).isComplete, "the other may come in another message")
        #expect(!ListAnswerProgress([whole, whole], asked: asked).provesAbsence)
        let odd = Self.message(#""devices":[\#(Self.first),{"deviceIds":[{"kind":"eid","id":"x"}]}]"#)
        #expect(!ListAnswerProgress([odd], asked: asked).provesAbsence)
        let part = Self.message(#""hasMoreData":true,"devices":[\#(Self.first)]"#)
        #expect(ListAnswerProgress([part, whole], asked: asked).provesAbsence)
    }
}
