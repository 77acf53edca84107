/** `touchtrail/server`: the visitor cookie on the pages of a site that renders on a server, and the edge on a path of the site. */
export { isVisitorId, readVisitorId, type SameSite } from '../../edge/contract/visitor-cookie.ts';
export { expressVisitor, type ExpressResponse } from './express.ts';
export { honoVisitor, type HonoContext } from './hono.ts';
export { nextVisitor, type NextInit } from './next.ts';
export { createEdgeProxy, type EdgeProxy, type EdgeProxyOptions, type NodeResponse } from './proxy.ts';
export type { NodeRequest } from './proxy-body.ts';
export { pageCall, type PageCall, type PageCallOptions, type PageRequest } from './page-call.ts';
export type { RequestHeaders, VisitorRequest } from './request.ts';
export { type Visitor, visitorCookie, type VisitorOptions, withVisitorCookie } from './visitor.ts';
