/** Tenants that may read the volumes of this cluster and write none. */
export const READERS: string[] = ['audit', 'guest', 'training'];

/** The label that names a container's tenant. It begins with `volume`: other labels never reach a policy. */
export const TENANT_LABEL: string = 'volume-tenant';
