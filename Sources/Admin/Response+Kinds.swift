import Foundation
import HTTPTypes
import Hummingbird

extension Response {
    /// A page of HTML.
    static func page(_ html: String, status: HTTPResponse.Status = .ok) -> Response {
        text(html, contentType: "text/html; charset=utf-8", status: status)
    }

    static func text(_ text: String, contentType: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// - Throws: `EncodingError`
    static func json(
        _ value: some Encodable, contentType: String = "application/json", status: HTTPResponse.Status = .ok
    ) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Response(
            status: status, headers: [.contentType: contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
    }

    /// Tells a browser to look elsewhere.
    static func seeOther(_ path: String) -> Response { redirect(to: path, type: .normal) }
}
