import Foundation
import Testing

@testable import Reconciler

@Suite("A message as it is kept")
struct ReceivedCallbackTests {
    private func kept(_ json: String) throws -> NewCallback {
        try ReceivedCallback(json: Array(json.utf8)).kept(at: Timestamp(milliseconds: 1))
    }

    @Test("user name and password are kept at no depth and under no spelling")
    func secrets() throws {
        let text = try kept(
            #"""
            {"Username":"u","\u0070assword":"s3cret","a":[{"PASSWORD":"s3cret","b":1}],"password":"s3cret","c":"d"}
            """#
        ).redactedText
        #expect(text == #"{"a":[{"b":1}],"c":"d"}"#)
        let nested = try kept(#"{"callbackCount":{"password":"s3cret","n":1}}"#).redactedText
        #expect(nested == #"{"callbackCount":{"n":1}}"#)
    }

    @Test("deliveries of one message have one digest, whatever their callbackCount, order and white space")
    func digest() throws {
        let first = try kept(#"{"requestId":"r","callbackCount":1,"status":"Success"}"#)
        for other in [
            #"{"callbackCount":2,"requestId":"r","status":"Success"}"#, #"{ "status":"Success", "requestId":"r" }"#,
            #"{"requestId":"r","status":"Success","CallbackCount":"4","password":"x"}"#,
            #"{"callbackCount":{"callbackCount":[{"callbackCount":1}]},"requestId":"r","status":"Success"}"#,
            #"{"callbackCount":1,"requestId":"r","CALLBACKCOUNT":2,"status":"Success"}"#,
        ] {
            #expect(try kept(other).digest == first.digest, "\(other)")
        }
        let failed = try kept(#"{"requestId":"r","status":"Failed"}"#).digest
        #expect(failed != first.digest)
        #expect(failed.prefix(8) == first.digest.prefix(8), "callbacks of one request are neighbours in the index")
        #expect(try kept(#"{"requestId":"s","status":"Failed"}"#).digest.prefix(8) != failed.prefix(8))
        #expect(first.redactedText == #"{"requestId":"r","status":"Success","callbackCount":1}"#)
        #expect(try kept(#"{"callbackCount":[1, 2]}"#).redactedText == #"{"callbackCount":[1,2]}"#)
        #expect(try kept(#"{"a":{"callbackCount":1}}"#).redactedText == #"{"a":{"callbackCount":1}}"#)
    }
}
